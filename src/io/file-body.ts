// A file, or a part of one, as a body: named now, opened when it is sent, never held whole.
import { basename, fileSize, openFile } from '#runtime'
import { fileType } from './file-type.js'

/** Which bytes of a file: as for `slice`, `end` is the first that is not sent. */
export interface FileRange {
  /** Default 0. */
  readonly start?: number
  /** Default: the file's end. */
  readonly end?: number
}

/** A file to send. It is opened when it is sent; its length and type are stated. */
export class FileBody {
  readonly path: string
  /** The path's last part. */
  readonly name: string
  /** By the file's extension; `application/octet-stream` for one that is unknown. */
  readonly contentType: string
  /** What is sent of it. */
  readonly range: FileRange

  constructor(path: string, range: FileRange = {}) {
    this.path = path
    this.name = basename(path)
    this.contentType = fileType(path)
    this.range = range
  }

  /** Bytes to send, as the file is now. @throws like `open` */
  size(): number {
    return fileSize(this.path, this.range)
  }

  /**
   * @throws the file system's error, a TypeError where the path is no regular file, or a RangeError where the file has
   * fewer bytes than are to be sent
   */
  open(): Promise<OpenFile> {
    return openFile(this.path, this.range)
  }
}

export interface OpenFile {
  /** Bytes to send, as the file was when opened. */
  readonly size: number
  /** These bytes; the file is closed after them. */
  pieces(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/**
 * Makes a body of the file at `path`, or of a part of it: `file(path, { start: 100, end: 200 })` are 100 bytes.
 *
 * @param range.start bytes from the file's beginning (default 0)
 * @param range.end the first byte that is not sent (default: the file's end)
 * @throws TypeError where there are no files; RangeError for a range that is none
 */
export function file(path: string, range: FileRange = {}): FileBody {
  const { start = 0, end = Number.MAX_SAFE_INTEGER } = range
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end) {
    return new FileBody(path, range)
  }
  throw new RangeError(`a file's range must be whole numbers, 0 ≤ start ≤ end, not ${start} to ${end}`)
}

// A file as a body: named now, opened when it is sent, never held whole.
import { basename, fileSize, openFile } from '#runtime'
import { fileType } from './file-type.js'

/** A file to send. It is opened when it is sent; its length and type are stated. */
export class FileBody {
  readonly path: string
  /** The path's last part. */
  readonly name: string
  /** By the file's extension; `application/octet-stream` for one that is unknown. */
  readonly contentType: string

  constructor(path: string) {
    this.path = path
    this.name = basename(path)
    this.contentType = fileType(path)
  }

  /** Bytes, as the file is now. @throws like `open` */
  size(): number {
    return fileSize(this.path)
  }

  /** @throws the file system's error, or a TypeError where the path is no regular file */
  open(): Promise<OpenFile> {
    return openFile(this.path)
  }
}

export interface OpenFile {
  /** Bytes, as the file was when opened. */
  readonly size: number
  /** The file's first `size` bytes; the file is closed after them. */
  pieces(): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** Makes a body of the file at `path`. @throws TypeError where there are no files */
export function file(path: string): FileBody {
  return new FileBody(path)
}

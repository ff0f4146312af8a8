// A file as a body: named now, opened when it is sent, never held whole.
import { type FileHandle, open } from 'node:fs/promises'
import { extname } from 'node:path'
import { mediaTypes } from '#media-types'

const READ_SIZE = 256 * 1024

/** A file to send. It is opened when it is sent; its length and type are stated. */
export class FileBody {
  readonly path: string
  /** By the file's extension; `application/octet-stream` for one that is unknown. */
  readonly contentType: string

  constructor(path: string) {
    this.path = path
    this.contentType = mediaTypes.get(extname(path).slice(1).toLowerCase()) ?? 'application/octet-stream'
  }

  /** @throws the file system's error, or a TypeError where the path is no regular file */
  async open(): Promise<OpenFile> {
    const handle = await open(this.path)
    const stats = await handle.stat()
    if (stats.isFile()) return new OpenFile(handle, stats.size)
    await handle.close()
    throw new TypeError(`not a regular file: ${this.path}`)
  }
}

export class OpenFile {
  private readonly handle: FileHandle
  /** Bytes, as the file was when opened. */
  readonly size: number

  constructor(handle: FileHandle, size: number) {
    this.handle = handle
    this.size = size
  }

  /** The file's first `size` bytes; the file is closed after them. */
  pieces(): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ end: Math.max(0, this.size - 1), highWaterMark: READ_SIZE })
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

/** Makes a body of the file at `path`. */
export function file(path: string): FileBody {
  return new FileBody(path)
}

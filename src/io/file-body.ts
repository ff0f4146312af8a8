// A file as a body: named now, opened when it is sent, never held whole.
import { statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileType } from './file-type.js'

const READ_SIZE = 256 * 1024

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
    const stats = statSync(this.path)
    if (stats.isFile()) return stats.size
    throw notRegular(this.path)
  }

  /** @throws the file system's error, or a TypeError where the path is no regular file */
  async open(): Promise<OpenFile> {
    const handle = await open(this.path)
    const stats = await handle.stat()
    if (stats.isFile()) return new OpenFile(handle, stats.size)
    await handle.close()
    throw notRegular(this.path)
  }
}

function notRegular(path: string): TypeError {
  return new TypeError(`not a regular file: ${path}`)
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

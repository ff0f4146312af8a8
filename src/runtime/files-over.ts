// Files, by the file system that a runtime has.
import type { FileHandle } from 'node:fs/promises'
import type { OpenFile } from '../io/file-body.js'

type FileSystem = Pick<typeof import('node:fs'), 'statSync' | 'promises'>

const READ_SIZE = 256 * 1024

export function filesOver({ statSync, promises }: FileSystem) {
  return {
    /** Bytes of the file at `path`, as it is now. @throws like `open` */
    fileSize(path: string): number {
      const stats = statSync(path)
      if (stats.isFile()) return stats.size
      throw notRegular(path)
    },

    /** @throws the file system's error, or a TypeError where the path is no regular file */
    async openFile(path: string): Promise<OpenFile> {
      const handle = await promises.open(path)
      const stats = await handle.stat()
      if (stats.isFile()) return new OpenedFile(handle, stats.size)
      await handle.close()
      throw notRegular(path)
    },
  }
}

function notRegular(path: string): TypeError {
  return new TypeError(`not a regular file: ${path}`)
}

class OpenedFile implements OpenFile {
  private readonly handle: FileHandle
  readonly size: number

  constructor(handle: FileHandle, size: number) {
    this.handle = handle
    this.size = size
  }

  pieces(): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ end: Math.max(0, this.size - 1), highWaterMark: READ_SIZE })
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

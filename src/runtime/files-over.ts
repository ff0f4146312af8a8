// Files, by the file system that a runtime has.
import type { FileHandle } from 'node:fs/promises'
import type { FileRange, OpenFile } from '../io/file-body.js'

type FileSystem = Pick<typeof import('node:fs'), 'statSync' | 'promises'>
type Stats = Pick<import('node:fs').Stats, 'isFile' | 'size'>

const READ_SIZE = 256 * 1024

export function filesOver({ statSync, promises }: FileSystem) {
  return {
    /** Bytes of the file at `path` in this range, as it is now. @throws like `open` */
    fileSize(path: string, range: FileRange): number {
      return sizeOf(statSync(path), path, range)
    },

    /**
     * @throws the file system's error, a TypeError where the path is no regular file, or a RangeError where the file
     * ends before the range does
     */
    async openFile(path: string, range: FileRange): Promise<OpenFile> {
      const handle = await promises.open(path)
      try {
        return new OpenedFile(handle, range.start ?? 0, sizeOf(await handle.stat(), path, range))
      } catch (error) {
        await handle.close()
        throw error
      }
    },
  }
}

function sizeOf(stats: Stats, path: string, { start = 0, end = stats.size }: FileRange): number {
  if (!stats.isFile()) throw new TypeError(`not a regular file: ${path}`)
  if (end > stats.size || start > end) throw new RangeError(`only ${stats.size} bytes: ${path}`)
  return end - start
}

class OpenedFile implements OpenFile {
  private readonly handle: FileHandle
  private readonly start: number
  readonly size: number

  constructor(handle: FileHandle, start: number, size: number) {
    this.handle = handle
    this.start = start
    this.size = size
  }

  pieces(): AsyncIterable<Uint8Array> {
    const { handle, start, size } = this
    if (size === 0) return { [Symbol.asyncIterator]: () => ({ next: this.ended, return: this.ended }) }
    return handle.createReadStream({ start, end: start + size - 1, highWaterMark: READ_SIZE })
  }

  // A stream has a byte at the least.
  private readonly ended = async (): Promise<IteratorReturnResult<undefined>> => {
    await this.handle.close()
    return { done: true, value: undefined }
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

// Where there is a file system, files that are sent go to temporary files, which only their owner can read.
import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { MultipartPart } from '../form/incoming-part.js'

/** Bytes that may wait for the disk. */
const BUFFERED = 1024 * 1024

/** Writes the part to a new file, of which nothing is left where that fails. */
export async function storePart(part: MultipartPart): Promise<{ tempfile: string }> {
  const tempfile = join(tmpdir(), `httpkit-${randomUUID()}`)
  const stream = createWriteStream(tempfile, { flags: 'wx', mode: 0o600, highWaterMark: BUFFERED })
  try {
    await pipeline(part, stream)
  } catch (error) {
    // It may still be opened: removed before that, it would be made behind our back.
    if (!stream.closed) await new Promise<void>((resolve) => stream.once('close', () => resolve()))
    await discardStored({ tempfile })
    throw error
  }
  return { tempfile }
}

/** Removes the file, if it is still there. Where it cannot be removed, nobody is left to be told. */
export async function discardStored({ tempfile }: { tempfile?: string }): Promise<void> {
  if (tempfile !== undefined) await rm(tempfile, { force: true }).catch(() => {})
}

// Where there is no file system, files that are sent stay in memory.
import type { MultipartPart } from '../form/incoming-part.js'

export async function storePart(part: MultipartPart): Promise<{ bytes: Uint8Array }> {
  return { bytes: await part.bytes() }
}

export async function discardStored(): Promise<void> {}

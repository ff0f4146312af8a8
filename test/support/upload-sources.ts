// Files to upload, in a folder that is gone when the test has ended.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './programs.js'

export interface SourceFolder {
  readonly path: string
  /** Writes a file of this name; its path. */
  write(name: string, content: string | Uint8Array): string
}

export function sourceFolder(): SourceFolder {
  const path = temporaryFolder()
  const write = (name: string, content: string | Uint8Array): string => {
    const file = join(path, name)
    writeFileSync(file, content)
    return file
  }
  return { path, write }
}

const marks = Buffer.from('\r\n--\r\n-\r\r\n------')

/** Bytes of every value, line ends and dashes more often than others: what a boundary is made of. */
export function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = size ^ 0x9e3779b9
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    const value = state >>> 24
    bytes[at] = value < 64 ? marks[value % marks.length]! : value
  }
  return bytes
}

// A server that tells what was uploaded to it, and the temporary files it made meanwhile.
//
//   const temporary = watchTemporaryFiles()   from now on, os.tmpdir() is a folder of this test's own
//   temporary.names()                         what is in it now
//   const server = await serve(tell())        answers JSON: a field is its text, a file a ToldFile, a repeated name a list
//   tell({ maxFiles: 1 })                     with options of wrapMultipartParams
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { wrapMultipartParams } from '../../src/middleware.js'
import type { Handler } from '../../src/server.js'

export interface ToldFile {
  filename: string
  contentType: string
  size: number
  /** Of what is in the temporary file. */
  sha256: string
  /** Bytes in it. */
  stored: number
}

export type ToldValue = string | ToldFile
export type Told = Record<string, ToldValue | ToldValue[]>

/** A file as the middleware hands it over. */
export interface StoredFile {
  filename: string
  contentType: string
  size: number
  tempfile: string
}

type Value = string | StoredFile
type MultipartOptions = Parameters<typeof wrapMultipartParams>[1]

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What is told of a file with this content. */
export function toldOf(filename: string, contentType: string, content: string | Uint8Array): ToldFile {
  const size = Buffer.byteLength(content)
  return { filename, contentType, size, sha256: sha256(content), stored: size }
}

export function tell(options?: MultipartOptions): Handler {
  return wrapMultipartParams(async (req) => {
    const told: Told = Object.create(null)
    for (const [name, value] of Object.entries(req.multipartParams as Record<string, Value | Value[]>)) {
      told[name] = Array.isArray(value) ? await Promise.all(value.map(toldValue)) : await toldValue(value)
    }
    return { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(told) }
  }, options)
}

async function toldValue(value: Value): Promise<ToldValue> {
  if (typeof value === 'string') return value
  const { filename, contentType, size, tempfile } = value
  const bytes = await readFile(tempfile)
  return { filename, contentType, size, sha256: sha256(bytes), stored: bytes.length }
}

/** Gives this process a folder of the test's own for its temporary files. */
export function watchTemporaryFiles(): { folder: string; names(): string[] } {
  const before = process.env.TMPDIR
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'httpkit-test-')))
  process.env.TMPDIR = folder
  onTestFinished(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true })
  })
  return { folder, names: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort() }
}

// A file as the body: opened when sent, its length and type stated, streamed from the disk.

import { rmSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { file } from 'httpkit-wasm'

export const title = 'Download'
export const path = '/download'
export const sentence = 'A file from the disk: this example’s own source, or a sample of 64 MiB.'
export const curl = [
  'curl -i http://localhost:8090/download',
  'curl -o /dev/null "http://localhost:8090/download?file=sample"',
  'curl -s "http://localhost:8090/download?file=sample" | curl -sS -N -T - http://localhost:8090/upload',
]

let sample // the promise of a path, from the first request for it

export async function handler(req) {
  const wanted = new URLSearchParams(req.queryString).get('file') ?? 'source'
  // Names a client may ask for, never paths: nothing else on the disk can be reached.
  if (wanted === 'source') return { body: file(fileURLToPath(import.meta.url)) }
  if (wanted === 'sample') {
    const headers = { 'Content-Disposition': 'attachment; filename="sample.txt"' }
    return { headers, body: file(await (sample ??= makeSample())) }
  }
  return {
    status: 404,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'source or sample?\n',
  }
}

async function makeSample() {
  const folder = await mkdtemp(join(tmpdir(), 'httpkit-wasm-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'sample.txt')
  await writeFile(path, numberedLines())
  return path
}

/** 64 pieces of 1 MiB: lines of 16 bytes, numbered. */
function* numberedLines() {
  const linesPerPiece = 65_536
  for (let start = 0; start < 64 * linesPerPiece; start += linesPerPiece) {
    const lines = Array.from({ length: linesPerPiece }, (_, i) => String(start + i).padStart(15, '0'))
    yield `${lines.join('\n')}\n`
  }
}

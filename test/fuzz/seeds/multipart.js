// The cases of test/corpus/multipart as something to begin with: those with the boundary `b`, as Latin-1 text. What must come
// of them is tested elsewhere.
import { readdirSync, readFileSync } from 'node:fs'

/** Longer ones are there for limits that are far away. */
const MAX_LENGTH = 600

const folder = new URL('../../corpus/multipart/', import.meta.url)
const BLOCK = /^```multipart ?.*\n(.*)\n([\s\S]*?)^```$/gm
const characters = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '"': '"' }

/** @returns `{ isFormData, body }` */
export function multipartCases() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'))
  const cases = files.sort().flatMap((file) => casesOf(readFileSync(new URL(file, folder), 'utf8')))
  return cases.filter(({ body }) => body.length <= MAX_LENGTH)
}

function casesOf(markdown) {
  const blocks = [...markdown.matchAll(BLOCK)].filter(([, type]) => type.endsWith('boundary=b'))
  return blocks.map(([, type, lines]) => ({ isFormData: type.includes('form-data'), body: bodyOf(lines) }))
}

function bodyOf(lines) {
  const bytes = Buffer.from(lines.replaceAll('\n', '')).latin1Slice()
  const whole = bytes.replace(/\{((?:[^{}\\]|\\.)*)\*(\d+)\}/g, (_, part, times) =>
    part.repeat(Number(times)),
  )
  return whole.replace(/\\(?:x([\dA-Fa-f]{2})|(.))/g, (_, hex, letter) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : characters[letter],
  )
}

// The cases of test/corpus as something to begin with: of each the bytes, as Latin-1 text. What must come of them is tested
// elsewhere.
import { readdirSync, readFileSync } from 'node:fs'

/** Longer ones are there for limits that are far away. */
const MAX_LENGTH = 600

const characters = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '"': '"' }

/** @param folder of test/corpus, '' or such as 'responses/' @returns `{ options, text }`, options as the block has them */
export function casesIn(folder) {
  const url = new URL(`../../corpus/${folder}`, import.meta.url)
  const files = readdirSync(url).filter((name) => name.endsWith('.md'))
  const cases = files.sort().flatMap((file) => casesOf(readFileSync(new URL(file, url), 'utf8')))
  return cases.filter(({ text }) => text.length <= MAX_LENGTH)
}

function casesOf(markdown) {
  const blocks = markdown.matchAll(/^```http ?(.*)\n([\s\S]*?)^```$/gm)
  return Array.from(blocks, ([, options, lines]) => ({
    options,
    text: unescaped(lines.replaceAll('\n', '')),
  }))
}

function unescaped(written) {
  const whole = written.replace(/\{((?:[^{}\\]|\\.)*)\*(\d+)\}/g, (_, part, times) =>
    part.repeat(Number(times)),
  )
  return whole.replace(/\\(?:x([\dA-Fa-f]{2})|(.))/g, (_, hex, letter) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : characters[letter],
  )
}

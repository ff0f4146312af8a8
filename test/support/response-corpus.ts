// The corpus of responses: test/corpus/responses/*.md read as cases, each the bytes that answer one request and what the
// client must make of them.
//
// A case is a line `## title`, an http block and an answer block; prose may stand around them.
//
// http    After the word: the method of the request; then, where the server does not leave the connection open behind
//         the bytes, `fin` or `reset`. The lines are joined without separators: a line end of the file is not part of
//         the bytes. Escapes are \r \n \t \0 \\ \" \xHH; {text*N} is the text N times, and a literal brace is \x7b; a
//         space at the end of a line is \x20.
// answer  One a line, with the same escapes; a line that ends with ` *N` is there N times:
//           status 200
//             name: value       a field, indented by two spaces, `name:` when its value is empty; names in the order in
//                               which they first came, and one that came more than once has all its lines together
//           body "..."          where it has a byte at least
//           trailer name: value
//           kept | closed       what the client does with the connection
//         or, instead of all that, and always closed:
//           error CODE          with the ProtocolError's code behind it, where that is the cause
import { readdirSync, readFileSync } from 'node:fs'

export interface ResponseCase {
  file: string
  title: string
  method: string
  bytes: Buffer
  /** What the server does behind the bytes. */
  ending: 'open' | 'fin' | 'reset'
  /** The lines of the answer block without escapes, each character one byte; an empty value is `name: `. */
  answer: string[]
}

type Source = readonly [file: string, text: string]

const folder = new URL('../corpus/responses/', import.meta.url)

/** Every case of test/corpus/responses/*.md, or of the sources given; throws an error that names file and title. */
export function readResponseCorpus(sources: readonly Source[] = storedSources()): ResponseCase[] {
  return sources.flatMap(([file, text]) => {
    const [, ...sections] = `\n${text}`.split(/\n## /)
    return sections.map((section) => {
      const title = section.slice(0, section.indexOf('\n'))
      try {
        return { file, title, ...readCase(section) }
      } catch (error) {
        throw new Error(`${file}: ${(error as Error).message}, in '${title}'`)
      }
    })
  })
}

function storedSources(): Source[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'))
  return files.sort().map((file) => [file, readFileSync(new URL(file, folder), 'utf8')])
}

function readCase(section: string): Omit<ResponseCase, 'file' | 'title'> {
  const blocks = section.split(/^```/m)
  if (blocks.length !== 5) throw new Error('there must be two blocks')
  const [info = '', ...lines] = blocks[1]!.replace(/\n$/, '').split('\n')
  const [word, ...answer] = blocks[3]!.replace(/\n$/, '').split('\n')
  const [, method, ending = 'open'] = /^http ([A-Z]+)(?: (fin|reset))?$/.exec(info) ?? []
  if (method === undefined) throw new Error(`the first block must be http and a method, not '${info}'`)
  if (word !== 'answer') throw new Error('the second block must be answer')
  for (const line of [...lines, ...answer]) refuseUnseen(line)
  return {
    method,
    bytes: Buffer.from(unescapeText(lines.join('')), 'latin1'),
    ending: ending as ResponseCase['ending'],
    answer: readAnswer(answer),
  }
}

function refuseUnseen(line: string): void {
  if (!/^[ -~]*$/.test(line)) throw new Error(`a byte that must be written as \\xHH in '${line}'`)
  if (line.endsWith(' ')) throw new Error(`a space that must be written as \\x20 at the end of '${line}'`)
}

const repeated = /\{((?:[^{}\\]|\\.)*)\*(\d+)\}/g
const escaped = /\\(?:x([0-9a-fA-F]{2})|(.?))/g
const named: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '"': '"' }

function unescapeText(text: string): string {
  const whole = text.replace(repeated, (_, part: string, times: string) => part.repeat(Number(times)))
  if (whole.includes('{')) throw new Error('a brace that repeats nothing; a literal one is \\x7b')
  return whole.replace(escaped, (written: string, hex: string | undefined, letter: string) => {
    const character = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : named[letter]
    if (character === undefined) throw new Error(`an unknown escape '${written}'`)
    return character
  })
}

/** The kinds of lines in the order they stand in, each with how often it may come. */
const order: readonly (readonly [shape: RegExp, often: 'once' | 'maybe' | 'any'])[] = [
  [/^status [1-9]\d\d$/, 'once'],
  [/^ {2}[^\s:]+:( .+)?$/, 'any'],
  [/^body "([^"\\]|\\.)+"$/, 'maybe'],
  [/^trailer [^\s:]+:( .+)?$/, 'any'],
  [/^(kept|closed)$/, 'once'],
]

function readAnswer(written: readonly string[]): string[] {
  const lines = written.flatMap((line) => {
    const [, one = line, times = '1'] = /^(.*) \*(\d+)$/.exec(line) ?? []
    return Array<string>(Number(times)).fill(one)
  })
  if (lines.length === 1 && /^error ERR_[A-Z_]+( [A-Z0-9_]+)?$/.test(lines[0]!)) return lines
  checkOrder(lines)
  return lines.map((line) => unescapeText(line) + (/^(?: {2}|trailer )[^:]+:$/.test(line) ? ' ' : ''))
}

function checkOrder(lines: readonly string[]): void {
  let at = 0
  for (const [shape, often] of order) {
    const from = at
    while (at < lines.length && shape.test(lines[at]!) && (often === 'any' || at === from)) at++
    if (often === 'once' && at === from) throw new Error(`'${lines[at] ?? 'the end'}' comes too early`)
  }
  if (at < lines.length) throw new Error(`'${lines[at]}' comes too late, or is unknown`)
}

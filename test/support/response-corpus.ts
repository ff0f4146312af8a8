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
import { type Named, readCases, type WrittenCase } from './case-files.js'
import { refuseUnseen, unescapeText } from './case-lines.js'
import { type Source, sourcesIn } from './corpus-files.js'

export interface ResponseCase extends Named {
  method: string
  bytes: Buffer
  /** What the server does behind the bytes. */
  ending: 'open' | 'fin' | 'reset'
  /** The lines of the answer block without escapes, each character one byte; an empty value is `name: `. */
  answer: string[]
}

/** Every case of test/corpus/responses/*.md, or of the sources given; throws an error that names file, line and fault. */
export function readResponseCorpus(sources: readonly Source[] = sourcesIn('responses/')): ResponseCase[] {
  return readCases(sources, ['http', 'answer'], readCase)
}

function readCase({ file, title, options, sent, expected }: WrittenCase): ResponseCase {
  const [, method, ending = 'open'] = /^([A-Z]+)(?: (fin|reset))?$/.exec(options) ?? []
  if (method === undefined) throw new Error(`a method is missing in '${options}'`)
  for (const line of [...sent, ...expected]) refuseUnseen(line, visible)
  return {
    file,
    title,
    method,
    bytes: Buffer.from(unescapeText(sent.join('')), 'latin1'),
    ending: ending as ResponseCase['ending'],
    answer: readAnswer(expected),
  }
}

const visible = /^[ -~]*$/

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

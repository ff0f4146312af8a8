// The protocol corpus: test/corpus/*.md read as cases, each the bytes of one connection and the events they must give.
//
// A case is a line `## title`, an http block and an events block; prose may stand around them.
//
// http    Its lines are joined without separators: a line end of the file is not part of the input. Escapes are
//         \r \n \t \0 \\ \" \xHH; {text*N} is the text N times, and a literal brace is \x7b; a space at the end of a
//         line is \x20. Limits follow the word http: maxLine=64 maxHeaders=2 maxBody=10, in bytes, lines and bytes.
// events  One a line, with the same escapes, in this order:
//           request METHOD TARGET HTTP/1.1
//             name: value      a field, indented by two spaces; `name:` when its value is empty
//           body "..."         all of a body that came whole and has a byte at least
//           trailer name: value
//           end                the message is complete
//           close              so is the connection: what follows is never read
//           error CODE STATUS  the input broke a rule
//           need-more          the input ended within a message

import { readdirSync, readFileSync } from 'node:fs'

export interface CorpusCase {
  file: string
  title: string
  bytes: Uint8Array
  limits: { maxLine?: number; maxHeaders?: number; maxBody?: number }
  /** As written, but without escapes: each character is one byte (Latin-1), and an empty value is `name: `. */
  events: string[]
}

interface Block {
  info: string
  lines: string[]
}

interface Section {
  title: string
  place: string
  blocks: Block[]
}

type Source = readonly [file: string, text: string]

const folder = new URL('../corpus/', import.meta.url)

/** Every case of test/corpus/*.md, or of the sources given; throws an error that names file, line and fault. */
export function readCorpus(sources: readonly Source[] = storedSources()): CorpusCase[] {
  const cases = sources.flatMap(([file, text]) =>
    readSections(file, text).map((part) => readCase(file, part)),
  )
  const fileOf = new Map<string, string>()
  for (const { file, title } of cases) {
    if (fileOf.has(title)) throw new Error(`${file}: the title '${title}' is already in ${fileOf.get(title)}`)
    fileOf.set(title, file)
  }
  return cases
}

function storedSources(): Source[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.md'))
  return files.sort().map((file) => [file, readFileSync(new URL(file, folder), 'utf8')])
}

function readSections(file: string, text: string): Section[] {
  const sections: Section[] = []
  let block: Block | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = `${file}:${index + 1}`
    if (block) {
      if (line === '```') block = undefined
      else if (line.startsWith('```')) throw new Error(`${place}: a block within a block`)
      else block.lines.push(line)
    } else if (line.startsWith('```')) {
      const section = sections.at(-1)
      if (!section) throw new Error(`${place}: a block before the first title`)
      section.blocks.push((block = { info: line.slice(3), lines: [] }))
    } else if (line.startsWith('## ')) {
      sections.push({ title: line.slice(3).trim(), place, blocks: [] })
    }
  }
  if (block) throw new Error(`${file}: the last block is not closed`)
  return sections
}

function readCase(file: string, { title, place, blocks }: Section): CorpusCase {
  try {
    const [http, events] = blocks
    if (!title) throw new Error('an empty title')
    if (!http || !/^http\b/.test(http.info)) throw new Error('the first block must be http')
    if (events?.info !== 'events') throw new Error('the second block must be events')
    if (blocks.length > 2) throw new Error('a third block')
    const bytes = Uint8Array.from(Buffer.from(unescapeText(joinLines(http.lines)), 'latin1'))
    return { file, title, bytes, limits: readLimits(http.info), events: readEvents(events.lines) }
  } catch (error) {
    throw new Error(`${place}: ${(error as Error).message}, in '${title}'`)
  }
}

const limitNames = ['maxLine', 'maxHeaders', 'maxBody'] as const

function readLimits(info: string): CorpusCase['limits'] {
  const limits: CorpusCase['limits'] = {}
  for (const word of info.split(' ').slice(1)) {
    const [, name, value] = /^(\w+)=(\d+)$/.exec(word) ?? []
    const known = limitNames.find((limit) => limit === name)
    if (!known) throw new Error(`an unknown limit '${word}'`)
    limits[known] = Number(value)
  }
  return limits
}

function joinLines(lines: string[]): string {
  for (const line of lines) refuseUnseen(line)
  return lines.join('')
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

const shapes: Readonly<Record<string, RegExp>> = {
  request: /^request \S+ \S+ HTTP\/1\.[01]$/,
  field: /^ {2}[^\s:]+:( .+)?$/,
  body: /^body "([^"\\]|\\.)+"$/,
  trailer: /^trailer [^\s:]+:( .+)?$/,
  end: /^end$/,
  close: /^close$/,
  error: /^error [A-Z0-9_]+ \d{3}$/,
  'need-more': /^need-more$/,
}

const followers: Readonly<Record<string, readonly string[]>> = {
  start: ['request', 'error', 'need-more'],
  request: ['field', 'body', 'trailer', 'end', 'error', 'need-more'],
  field: ['field', 'body', 'trailer', 'end', 'error', 'need-more'],
  body: ['trailer', 'end'],
  trailer: ['trailer', 'end'],
  end: ['request', 'close', 'error', 'need-more'],
}

const lastOnes: readonly string[] = ['end', 'close', 'error', 'need-more']

function readEvents(lines: string[]): string[] {
  let before = 'start'
  const events = lines.map((line) => {
    refuseUnseen(line)
    const kind = Object.keys(shapes).find((name) => shapes[name]!.test(line))
    if (!kind) throw new Error(`an unknown event '${line}'`)
    if (!followers[before]?.includes(kind)) throw new Error(`'${line}' cannot follow ${before}`)
    before = kind
    return unescapeText(line) + (/^(?: {2}|trailer )[^:]+:$/.test(line) ? ' ' : '')
  })
  if (!lastOnes.includes(before)) throw new Error(`the events stop at ${before}`)
  return events
}

// The corpus of multipart bodies: test/corpus/multipart/*.md read as cases, each a content type, a body, and the parts
// that must come of it.
//
// A case is a line `## title`, a multipart block and an events block; prose may stand around them.
//
// multipart  The first line is the content type, the others the body, joined without separators: a line end of the file
//            is not part of it. Escapes, in both, are \r \n \t \0 \\ \" \xHH; {text*N} is the text N times, and a
//            literal brace is \x7b; a space at the end of a line is \x20. Characters beyond ASCII are UTF-8.
//            Limits follow the word multipart: maxParts=2 maxHeadSize=64.
// events     One a line:
//              part name="a" filename="b" type="image/png"
//                                 names and type as JSON; one that is undefined is left out, and so is text/plain
//                name: value      the part's fields, where the case is about them; all of them, without escapes
//              data "..."         the part's bytes, where it has any; with the escapes of the block above
//              cut "..."          the bytes that certainly come of a part which then fails
//              end                no more parts
//              error CODE STATUS  the input broke a rule, or is over a limit
import { readdirSync, readFileSync } from 'node:fs'
import type { MultipartLimits } from '../../src/core.js'
import { dataLines } from './multipart-log.js'

export interface MultipartCase {
  file: string
  title: string
  contentType: string
  body: Uint8Array
  limits: MultipartLimits
  /** As `logOf` writes them; the fields of a part may be left out. */
  events: string[]
}

type Source = readonly [file: string, text: string]

const folder = new URL('../corpus/multipart/', import.meta.url)

/** Every case of test/corpus/multipart/*.md, or of the sources given; throws an error that names file and title. */
export function readMultipartCorpus(sources: readonly Source[] = storedSources()): MultipartCase[] {
  return sources.flatMap(([file, text]) => {
    const [, ...sections] = `\n${text}`.split(/\n## /)
    return sections.map((section) => {
      const title = section.slice(0, section.indexOf('\n'))
      try {
        return readCase(file, title, section)
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

function readCase(file: string, title: string, section: string): MultipartCase {
  const blocks = section.split(/^```/m)
  const [first, second] = [blocks[1] ?? '', blocks[3] ?? '']
  if (blocks.length !== 5) throw new Error('there must be two blocks')
  const [info, contentType, ...lines] = first.replace(/\n$/, '').split('\n')
  const [word, ...events] = second.replace(/\n$/, '').split('\n')
  if (contentType === undefined) throw new Error('there must be a content type')
  if (word !== 'events') throw new Error('the second block must be events')
  return {
    file,
    title,
    contentType: readText(contentType).toString('latin1'),
    body: Uint8Array.from(Buffer.concat(lines.map(readText))),
    limits: readLimits(info!),
    events: readEvents(events),
  }
}

const limitNames: readonly (keyof MultipartLimits)[] = [
  'maxParts',
  'maxFields',
  'maxFiles',
  'maxFieldSize',
  'maxFileSize',
  'maxHeadSize',
  'maxTotal',
]

function readLimits(info: string): MultipartLimits {
  const [kind, ...words] = info.split(' ')
  if (kind !== 'multipart') throw new Error(`the first block must be multipart, not '${info}'`)
  const limits: MultipartLimits = {}
  for (const word of words) {
    const [, name, value] = /^(\w+)=(\d+)$/.exec(word) ?? []
    const known = limitNames.find((limit) => limit === name)
    if (!known) throw new Error(`an unknown limit '${word}'`)
    limits[known] = Number(value)
  }
  return limits
}

const repeated = /\{((?:[^{}\\]|\\.)*)\*(\d+)\}/g
const escaped = /\\(?:x([0-9a-fA-F]{2})|(.?))/g
const named: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '"': '"' }

function readText(line: string): Buffer {
  refuseUnseen(line)
  return unescapeText(line)
}

function unescapeText(line: string): Buffer {
  const bytes = Buffer.from(line).toString('latin1')
  const whole = bytes.replace(repeated, (_, part: string, times: string) => part.repeat(Number(times)))
  if (whole.includes('{')) throw new Error('a brace that repeats nothing; a literal one is \\x7b')
  const text = whole.replace(escaped, (written: string, hex: string | undefined, letter: string) => {
    const character = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : named[letter]
    if (character === undefined) throw new Error(`an unknown escape '${written}'`)
    return character
  })
  return Buffer.from(text, 'latin1')
}

function refuseUnseen(line: string): void {
  if (/\p{Cc}/u.test(line)) throw new Error(`a byte that must be written as \\xHH in '${line}'`)
  if (line.endsWith(' ')) throw new Error(`a space that must be written as \\x20 at the end of '${line}'`)
}

const text = '"(?:[^"\\\\]|\\\\.)*"'
const shapes: Readonly<Record<string, RegExp>> = {
  part: new RegExp(`^part( name=${text})?( filename=${text})?( type=${text})?$`),
  field: /^ {2}[^\s:]+:( .+)?$/,
  data: /^data "([^"\\]|\\.)+"$/,
  cut: /^cut "([^"\\]|\\.)*"$/,
  end: /^end$/,
  error: /^error [A-Z_]+ \d{3}$/,
}

const followers: Readonly<Record<string, readonly string[]>> = {
  start: ['part', 'end', 'error'],
  part: ['field', 'data', 'cut', 'part', 'end', 'error'],
  field: ['field', 'data', 'cut', 'part', 'end', 'error'],
  data: ['part', 'end', 'error'],
  cut: ['error'],
}

function readEvents(lines: readonly string[]): string[] {
  let before = 'start'
  const events = lines.map((line) => {
    refuseUnseen(line)
    const kind = Object.keys(shapes).find((name) => shapes[name]!.test(line))
    if (!kind) throw new Error(`an unknown event '${line}'`)
    if (!followers[before]?.includes(kind)) throw new Error(`'${line}' cannot follow ${before}`)
    before = kind
    return asLogged(kind, line)
  })
  if (before !== 'end' && before !== 'error') throw new Error(`the events stop at ${before}`)
  return events
}

// The line as a log has it: there is only one way to write what it says.
function asLogged(kind: string, line: string): string {
  if (kind === 'field' && line.endsWith(':')) return `${line} `
  if (kind === 'part') return line.replace(new RegExp(text, 'g'), (json) => JSON.stringify(JSON.parse(json)))
  if (kind !== 'data' && kind !== 'cut') return line
  return dataLines(kind, unescapeText(line.slice(kind.length + 2, -1)))[0]!
}

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

import type { MultipartLimits } from '../../src/core.js'
import { type Named, readCases, readLimits, type WrittenCase } from './case-files.js'
import { type Grammar, kindsOf, refuseUnseen, unescapeText } from './case-lines.js'
import { type Source, sourcesIn } from './corpus-files.js'
import { dataLines } from './multipart-log.js'

export interface MultipartCase extends Named {
  contentType: string
  body: Uint8Array
  limits: MultipartLimits
  /** As `logOf` writes them; the fields of a part may be left out. */
  events: string[]
}

/** Every case of test/corpus/multipart/*.md, or of the sources given; throws an error that names file, line and fault. */
export function readMultipartCorpus(sources: readonly Source[] = sourcesIn('multipart/')): MultipartCase[] {
  return readCases(sources, ['multipart', 'events'], readCase)
}

const limitNames = [
  'maxParts',
  'maxFields',
  'maxFiles',
  'maxFieldSize',
  'maxFileSize',
  'maxHeadSize',
  'maxTotal',
] as const

function readCase({ file, title, options, sent, expected }: WrittenCase): MultipartCase {
  const [contentType, ...lines] = sent
  if (contentType === undefined) throw new Error('there must be a content type')
  for (const line of [...sent, ...expected]) refuseUnseen(line, visible)
  return {
    file,
    title,
    contentType: bytesOf(contentType).toString('latin1'),
    body: Uint8Array.from(Buffer.concat(lines.map(bytesOf))),
    limits: readLimits(options, limitNames),
    events: readEvents(expected),
  }
}

const visible = /^\P{Cc}*$/u

function bytesOf(line: string): Buffer {
  return Buffer.from(unescapeText(Buffer.from(line).toString('latin1')), 'latin1')
}

const text = '"(?:[^"\\\\]|\\\\.)*"'
const grammar: Grammar = {
  shapes: {
    part: new RegExp(`^part( name=${text})?( filename=${text})?( type=${text})?$`),
    field: /^ {2}[^\s:]+:( .+)?$/,
    data: /^data "([^"\\]|\\.)+"$/,
    cut: /^cut "([^"\\]|\\.)*"$/,
    end: /^end$/,
    error: /^error [A-Z_]+ \d{3}$/,
  },
  followers: {
    start: ['part', 'end', 'error'],
    part: ['field', 'data', 'cut', 'part', 'end', 'error'],
    field: ['field', 'data', 'cut', 'part', 'end', 'error'],
    data: ['part', 'end', 'error'],
    cut: ['error'],
  },
  lastOnes: ['end', 'error'],
}

function readEvents(lines: readonly string[]): string[] {
  const kinds = kindsOf(lines, grammar)
  return lines.map((line, at) => asLogged(kinds[at]!, line))
}

// The line as a log has it: there is only one way to write what it says.
function asLogged(kind: string, line: string): string {
  if (kind === 'field' && line.endsWith(':')) return `${line} `
  if (kind === 'part') return line.replace(new RegExp(text, 'g'), (json) => JSON.stringify(JSON.parse(json)))
  if (kind !== 'data' && kind !== 'cut') return line
  return dataLines(kind, bytesOf(line.slice(kind.length + 2, -1)))[0]!
}

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

import { type Named, readCases, readLimits, type WrittenCase } from './case-files.js'
import { type Grammar, kindsOf, refuseUnseen, unescapeText } from './case-lines.js'
import { type Source, sourcesIn } from './corpus-files.js'

export interface CorpusCase extends Named {
  bytes: Uint8Array
  limits: { maxLine?: number; maxHeaders?: number; maxBody?: number }
  /** As written, but without escapes: each character is one byte (Latin-1), and an empty value is `name: `. */
  events: string[]
}

/** Every case of test/corpus/*.md, or of the sources given; throws an error that names file, line and fault. */
export function readCorpus(sources: readonly Source[] = sourcesIn('')): CorpusCase[] {
  return readCases(sources, ['http', 'events'], readCase)
}

function readCase({ file, title, options, sent, expected }: WrittenCase): CorpusCase {
  for (const line of [...sent, ...expected]) refuseUnseen(line, visible)
  const bytes = Uint8Array.from(Buffer.from(unescapeText(sent.join('')), 'latin1'))
  const limits = readLimits(options, ['maxLine', 'maxHeaders', 'maxBody'])
  return { file, title, bytes, limits, events: readEvents(expected) }
}

const visible = /^[ -~]*$/

const grammar: Grammar = {
  shapes: {
    request: /^request \S+ \S+ HTTP\/1\.[01]$/,
    field: /^ {2}[^\s:]+:( .+)?$/,
    body: /^body "([^"\\]|\\.)+"$/,
    trailer: /^trailer [^\s:]+:( .+)?$/,
    end: /^end$/,
    close: /^close$/,
    error: /^error [A-Z0-9_]+ \d{3}$/,
    'need-more': /^need-more$/,
  },
  followers: {
    start: ['request', 'error', 'need-more'],
    request: ['field', 'body', 'trailer', 'end', 'error', 'need-more'],
    field: ['field', 'body', 'trailer', 'end', 'error', 'need-more'],
    body: ['trailer', 'end'],
    trailer: ['trailer', 'end'],
    end: ['request', 'close', 'error', 'need-more'],
  },
  lastOnes: ['end', 'close', 'error', 'need-more'],
}

function readEvents(lines: readonly string[]): string[] {
  kindsOf(lines, grammar)
  return lines.map((line) => unescapeText(line) + (/^(?: {2}|trailer )[^:]+:$/.test(line) ? ' ' : ''))
}

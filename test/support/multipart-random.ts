// Random multipart bodies for fast-check: rich in what is nearly a delimiter, right ones and broken ones; and ways to
// cut them.
import fc from 'fast-check'
import type { MultipartLimits } from '../../src/core.js'
import { cutAnywhere } from './random-frames.js'
import { cutEvery } from './replay.js'

export interface RandomBody {
  contentType: string
  boundary: string
  body: Buffer
}

const kind = fc.constantFrom('mixed', 'form-data')

/** Boundaries that begin as they end, that are dashes, that a CRLF's looks could confuse, and plain ones. */
export const boundary = fc.constantFrom(
  'b',
  '-',
  '--',
  '---',
  'aa',
  'aab',
  'aabaab',
  '-a-',
  'a--a',
  'rn',
  "'()+_,-./:=?",
  '----WebKitFormBoundary7MA4YWxkTrZu0gW',
  `${'ab'.repeat(34)}-b`,
)

function contentTypeOf(subtype: string, text: string): string {
  return `multipart/${subtype}; boundary="${text}"`
}

/** Text that begins delimiters, and breaks off. */
function nearBoundary(text: string): fc.Arbitrary<string> {
  const delimiter = `\r\n--${text}`
  const prefix = fc.nat(delimiter.length - 1).map((length) => delimiter.slice(0, length))
  const suffix = fc.nat(delimiter.length - 1).map((length) => delimiter.slice(length + 1))
  return fc.oneof(
    { weight: 4, arbitrary: prefix },
    { weight: 1, arbitrary: suffix },
    fc.constantFrom(
      '\r',
      '\n',
      '\r\n',
      '\r\r\n',
      '-',
      '--',
      text,
      `\n--${text}`,
      `\r--${text}`,
      '\r\n\r\n',
      'x',
      '\0',
    ),
    fc.string({ unit: 'binary-ascii', maxLength: 20 }),
    fc.nat(80).map((length) => 'y'.repeat(length)),
  )
}

function dataOf(text: string, maxLength: number): fc.Arbitrary<string> {
  return fc.array(nearBoundary(text), { maxLength }).map((pieces) => pieces.join(''))
}

const quoted = fc
  .array(
    fc.constantFrom(
      'a',
      'name',
      ' ',
      ';',
      '=',
      '\\',
      '\\\\',
      '\\"',
      '%22',
      '%0D%0A',
      '%41',
      '\xc3\xa9',
      '\xff',
      '\xe2\x82\xac',
    ),
    {
      maxLength: 6,
    },
  )
  .map((pieces) => `"${pieces.join('')}"`)
const token = fc.constantFrom('a', 'file', 'x-1', 'a%22b')
const name = fc.oneof({ weight: 3, arbitrary: quoted }, token).map((value) => `; name=${value}`)
const filename = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  quoted.map((value) => `; filename=${value}`),
  token.map((value) => `;filename=${value}`),
  fc.constantFrom(
    "; filename*=UTF-8''%e2%82%ac.txt",
    "; filename=x; filename*=iso-8859-1'de'%E4",
    '; FileName="F"',
  ),
)
const disposition = fc
  .tuple(
    fc.constantFrom('Content-Disposition: ', 'content-disposition:', 'CONTENT-DISPOSITION:\t '),
    name,
    filename,
  )
  .map(([field, ...parameters]) => `${field}form-data${parameters.join('')}\r\n`)
const otherField = fc.constantFrom(
  'Content-Type: text/html; charset=utf-8\r\n',
  'content-type:image/png\r\n',
  'X-A: 1\r\n',
  'x-a:  two \t\r\n',
  'X-Empty:\r\n',
  'X-Utf8: \xe2\x82\xac\r\n',
  'Content-Transfer-Encoding: base64\r\n',
)
const goodHead = fc
  .tuple(fc.array(otherField, { maxLength: 2 }), disposition, fc.array(otherField, { maxLength: 2 }))
  .map((fields) => `${fields.flat().join('')}\r\n`)
const padding = fc.constantFrom('', '', '', ' ', '\t ', '   ')

interface RandomPart {
  padding: string
  head: string
  data: string
}

function written(text: string, preamble: string, parts: readonly RandomPart[], epilogue: string): string {
  const delimited = parts.map((part) => `--${text}${part.padding}\r\n${part.head}${part.data}\r\n`)
  return `${preamble}${delimited.join('')}--${text}--${epilogue}`
}

/** Bodies that are right, but for delimiters that their data may hold by chance. */
export const goodBody: fc.Arbitrary<RandomBody> = fc.tuple(kind, boundary).chain(([subtype, text]) => {
  const part = fc.record({ padding, head: goodHead, data: dataOf(text, 12) })
  const preamble = fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    dataOf(text, 6).map((data) => `${data}\r\n`),
  )
  return fc
    .tuple(preamble, fc.array(part, { maxLength: 5 }), fc.oneof(fc.constant('\r\n'), dataOf(text, 4)))
    .map(([before, parts, after]) => ({
      boundary: text,
      contentType: contentTypeOf(subtype, text),
      body: Buffer.from(written(text, before, parts, after), 'latin1'),
    }))
})

interface Change {
  kind: string
  at: number
  insert: string
  length: number
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'remove', 'repeat', 'break off'),
  at: fc.nat(),
  insert: fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '-',
    '--',
    ' ',
    '"',
    '\\',
    ';',
    ':',
    '\0',
    'b',
    '\r\n\r\n',
    '\x7f',
    '\xff',
  ),
  length: fc.integer({ min: 1, max: 20 }),
})

function changed(body: Buffer, { kind, at, insert, length }: Change): Buffer {
  const start = at % (body.length + 1)
  const [before, after] = [body.subarray(0, start), body.subarray(start)]
  if (kind === 'insert') return Buffer.concat([before, Buffer.from(insert, 'latin1'), after])
  if (kind === 'remove') return Buffer.concat([before, after.subarray(length)])
  if (kind === 'repeat') return Buffer.concat([before, after.subarray(0, length), after])
  return before
}

/** The same with faults in them. */
export const faultyBody: fc.Arbitrary<RandomBody> = fc
  .tuple(goodBody, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([good, changes]) => ({ ...good, body: changes.reduce(changed, good.body) }))

/** Delimiters, heads and their beginnings in any order. */
export const anyBody: fc.Arbitrary<RandomBody> = fc.tuple(kind, boundary).chain(([subtype, text]) => {
  const item = fc.oneof(
    { weight: 3, arbitrary: nearBoundary(text) },
    {
      weight: 3,
      arbitrary: fc.constantFrom(`--${text}\r\n`, `\r\n--${text}\r\n`, `\r\n--${text}`, `--${text}--`),
    },
    { weight: 2, arbitrary: goodHead },
    fc.oneof(disposition, otherField),
  )
  return fc.array(item, { maxLength: 15 }).map((items) => ({
    boundary: text,
    contentType: contentTypeOf(subtype, text),
    body: Buffer.from(items.join(''), 'latin1'),
  }))
})

/** One limit, near what random bodies have. */
export const limit: fc.Arbitrary<MultipartLimits> = fc.oneof(
  fc.nat(4).map((maxParts) => ({ maxParts })),
  fc.nat(4).map((maxFields) => ({ maxFields })),
  fc.nat(3).map((maxFiles) => ({ maxFiles })),
  fc.nat(200).map((maxFieldSize) => ({ maxFieldSize })),
  fc.nat(200).map((maxFileSize) => ({ maxFileSize })),
  fc.integer({ min: 2, max: 150 }).map((maxHeadSize) => ({ maxHeadSize })),
  fc.nat(600).map((maxTotal) => ({ maxTotal })),
)

/** Random pieces, some of them empty; the whole; threes, sevens, and each byte alone. */
export function waysToCut(body: Uint8Array, positions: readonly number[]): Uint8Array[][] {
  return [
    [body],
    cutEvery(body, 1),
    cutEvery(body, 3),
    cutEvery(body, 7),
    cutAnywhere(Buffer.from(body), positions),
  ]
}

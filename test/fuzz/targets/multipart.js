// Multipart bodies (RFC 2046 §5.1, RFC 7578), of forms and others, with short boundaries and long ones.
import { compareMultipart, differences } from '../differences/multipart.js'
import { spansIn } from '../differences/multipart-spans.js'
import { Failure } from '../engine/failure.js'
import { multipartCases } from '../seeds/multipart.js'
import {
  DATA,
  FIELDS,
  FILENAME,
  HAS_ENDED,
  NAME,
  NONE,
  PART_SIZE,
  readInPieces,
  readMultipartBody,
  readWhole,
  TYPE,
  unlimited,
  ways,
} from '../transcripts/multipart.js'

const disposition = 'Content-Disposition: form-data; name="a"'
const usual = `--${ways.u.boundary}`
const longest = `--${ways.l.boundary}`

export const target = {
  name: 'multipart',
  about: 'multipart bodies and the heads of their parts (RFC 2046 §5.1, RFC 7578)',
  maxLength: 600,
  dictionary: [
    '\r\n',
    '\r\n\r\n',
    '--b',
    '\r\n--b',
    '\r\n--b\r\n',
    '\r\n--b--',
    '\r\n--b--\r\n',
    '--',
    '\r',
    '\n',
    ' ',
    '\t',
    `${usual}\r\n`,
    `\r\n${usual}\r\n`,
    `\r\n${usual}--`,
    `${longest}\r\n`,
    `\r\n${longest}--`,
    '\r\n---',
    '-----',
    'Content-Disposition: form-data',
    'Content-Disposition: ',
    'Content-Type: ',
    '; name="b"',
    '; name=',
    'name*=',
    '; filename="c.txt"',
    '; filename=',
    "; filename*=utf-8''%e2%82%ac",
    "; filename*=iso-8859-1'en'%a3",
    '; ;',
    ';',
    'text/plain',
    'text/html; charset=utf-8',
    'application/octet-stream',
    ' charset=koi8-r',
    '; charset=',
    'latin1',
    'utf-8',
    'utf-16le',
    'base64',
    'multipart/mixed',
    '"',
    '\\"',
    '\\\\',
    '\\',
    '%22',
    '%0D%0A',
    '%',
    '=',
    ':',
    'X-A: 1\r\n',
    '\xc3\xa9',
    '\xff',
    '\xef\xbb\xbf',
    '\x80',
    '\0',
    '\x7f',
    `\r\n--b\r\n${disposition}\r\n\r\n`,
    `--b\r\n${disposition}\r\n\r\nx\r\n--b--`,
    'Content-Type: text/plain\r\n',
  ],
  ways,
  seeds,
  read: readMultipartBody,
  work: { perByte: 3, perPiece: 20, fixed: 3200 },
  check,
  compare(bytes, transcript, way) {
    if (way.isFormData) compareMultipart(bytes, transcript, way)
  },
}

function check(bytes, transcript, way) {
  demandSame('one piece', readInPieces([bytes], way), transcript)
  if (way === ways.s) checkHeadLimit(bytes, transcript, way)
  if (transcript.at(-1) !== 'end') return
  checkEpilogue(bytes, transcript, way)
  checkPrefix(bytes, transcript, way)
  checkRewritten(transcript, way)
}

function demandSame(property, found, wanted) {
  const isSame = found.length === wanted.length && found.every((word, at) => word === wanted[at])
  if (!isSame) throw new Failure(property, `${show(found)}, not ${show(wanted)}`)
}

function show(transcript) {
  return JSON.stringify(transcript).slice(0, 4000)
}

// The first head that has too many bytes is where it stops, but for one that is malformed before; all else is as without a
// limit.
function checkHeadLimit(bytes, transcript, way) {
  const outcome = transcript.at(-1)
  const parts = (transcript.length - 1) / PART_SIZE
  const over = spansIn(bytes.latin1Slice(), way.boundary).parts.findIndex(({ head, isOpen }) => {
    return isOpen ? head.length >= way.maxHead : head.length + 2 > way.maxHead
  })
  const free = readWhole(bytes, unlimited(way))
  const isOver = over >= 0 && (over < parts || (over === parts && outcome !== 'BAD_PART_HEAD'))
  if (isOver !== (outcome === 'PART_HEAD_TOO_LARGE') || (isOver && over < parts)) {
    throw new Failure('head limit', `head ${over} is over it, and ${parts} parts end in ${outcome}`)
  }
  if (isOver) demandSame('head limit', [...free.slice(0, parts * PART_SIZE), outcome], transcript)
  else demandSame('head limit', free, transcript)
}

const afterwards = ['-', '\r', '\n\0'].map((text) => Buffer.from(text))

// What follows the last boundary has no influence, be it another body.
function checkEpilogue(bytes, transcript, way) {
  const more = bytes.length % 2 === 0 ? afterwards[bytes.length % 3] : Buffer.concat([way.delimiter, bytes])
  demandSame('epilogue', readWhole(Buffer.concat([bytes, more]), way), transcript)
}

// A body that is cut is either still whole, for what is cut off was none of it, or it is refused, and the parts that came of
// it are the first of those of the whole.
function checkPrefix(bytes, transcript, way) {
  const length = (bytes.length * 31 + transcript.length) % (bytes.length + 1)
  const found = readWhole(bytes.subarray(0, length), way)
  const outcome = found.pop()
  if (outcome === 'end') return demandSame('prefix', [...found, outcome], transcript)
  if (outcome !== 'MISSING_FINAL_BOUNDARY') throw new Failure('prefix', `${length} bytes are ${outcome}`)
  const last = found.length - PART_SIZE
  const isOpen = last >= 0 && found[last + HAS_ENDED] === 0
  const isBegin = found.every((word, at) => {
    if (!isOpen || at < last + DATA) return word === transcript[at]
    return at === last + HAS_ENDED || transcript[at].startsWith(word)
  })
  if (!isBegin) throw new Failure('prefix', `${length} bytes give ${show(found)}, all ${show(transcript)}`)
}

// What has been read, written again, is read as the same.
function checkRewritten(transcript, way) {
  const again = readWhole(written(transcript, way), unlimited(way))
  demandSame('rewrite', again.map(sameAgain), transcript.map(sameAgain))
}

// Names may be written in more than one way, and a type stands in its own place, too. Where the last of a field's repeats is
// empty, a blank ends them, which is none of a value that came in one line.
function sameAgain(word, at) {
  return at % PART_SIZE === FIELDS ? otherFields(word).replaceAll(' \r\n', '\r\n') : word
}

function otherFields(fields) {
  return fields.replace(/(?<=^|\n)content-(?:disposition|type): [^\n]*\n/g, '')
}

function written(transcript, { boundary, isFormData }) {
  let body = ''
  for (let at = 0; at < transcript.length - 1; at += PART_SIZE) {
    const isNamed = isFormData || transcript[at + NAME] !== NONE || transcript[at + FILENAME] !== NONE
    body += `--${boundary}\r\n${isNamed ? dispositionOf(transcript, at) : ''}`
    body += `${fieldsOf(transcript[at + FIELDS], transcript[at + TYPE])}\r\n${transcript[at + DATA]}\r\n`
  }
  return Buffer.from(`${body}--${boundary}--`, 'latin1')
}

function dispositionOf(transcript, at) {
  const names = parameter('name', transcript[at + NAME]) + parameter('filename', transcript[at + FILENAME])
  return `Content-Disposition: form-data${names}\r\n`
}

function parameter(name, value) {
  if (value === NONE) return ''
  return isPlain(value) ? `; ${name}="${quoted(value)}"` : `; ${name}*=utf-8''${extended(value)}`
}

// What a quoted name cannot say: a control character, and what would be taken for a browser's escape.
function isPlain(value) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it is about
  return !/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|%22|%0D|%0A/.test(value)
}

function quoted(value) {
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  return Buffer.from(escaped).latin1Slice()
}

function extended(value) {
  return encodeURIComponent(value).replace(/[*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`)
}

// The other lines, as bytes. Of these a type is told, of the others their text.
function fieldsOf(fields, type) {
  const typeLine = HAS_TYPE.test(fields) ? `Content-Type: ${type}\r\n` : ''
  return Buffer.from(otherFields(fields)).latin1Slice() + typeLine
}

const HAS_TYPE = /(?<=^|\n)content-type: /

// The cases of both kinds, and those that are read with every other boundary.
function seeds() {
  const cases = multipartCases()
  const own = cases.map(({ isFormData, body }) => `${isFormData ? 'f' : 'm'}${body}`)
  const others = cases
    .filter((_, index) => index % 4 === 0)
    .flatMap(({ isFormData, body }) => {
      return [isFormData ? 'u' : 'l', 'd'].map(
        (key) => key + body.replaceAll('--b', `--${ways[key].boundary}`),
      )
    })
  const limited = cases.filter((_, index) => index % 8 === 0).flatMap(({ body }) => [`s${body}`, `a${body}`])
  return [...own, ...others, ...limited, ...differences.map(({ example }) => example)]
}

// Forms and query strings (URL Standard, "application/x-www-form-urlencoded"). The core's own calls are made at the end of
// memory, and its rows are the transcript. The host has several ways to the same pairs, some of which do without the core,
// and several to write them; all must agree.
import { isUtf8 } from 'node:buffer'
import { encodeQuery } from '../../../build/modules/core/encode-query.js'
import { readForm, readShortForm } from '../../../build/modules/core/form-reader.js'
import { writeForm } from '../../../build/modules/core/form-writer.js'
import { parseQuery } from '../../../build/modules/core/parse-query.js'
import { writeShortForm } from '../../../build/modules/core/short-form.js'
import {
  deskSize,
  MAX_PAIRS_READ,
  memory,
  PAIR_COUNT,
  PAIRS,
  QUERY_CONSUMED,
  QUERY_GAP,
  readQuery,
  u32,
  windowStart,
  writeQuery,
} from '../../../build/modules/core/wasm.js'
import { compareQuery } from '../differences/query.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'

const AMPERSAND = 0x26
/** Words of a transcript for each pair: name, value, and which of them has an escape beyond ASCII. */
const PAIR_SIZE = 3
/** Pairs that leave room for two more in the table. */
const AHEAD = Buffer.from('a&'.repeat(MAX_PAIRS_READ - 2))
const none = { maxPairs: Number.POSITIVE_INFINITY }

export const target = {
  name: 'query',
  about: 'forms and query strings (URL Standard, urlencoded)',
  maxLength: 300,
  dictionary: [
    '&',
    '=',
    '+',
    '%',
    '&&',
    '&=',
    '=&',
    '%26',
    '%3D',
    '%2B',
    '%25',
    '%20',
    '%00',
    '%0d%0A',
    '%4',
    '%zz',
    '%%41',
    'a=1&a=2',
    '__proto__',
    'constructor=',
    'toString',
    'a[b]=',
    'a[]=',
    '[0]',
    '?',
    ';',
    ',',
    '%C3%A9',
    '%e2%82%ac',
    '%F0%9F%98%80',
    '%ff',
    '%ED%A0%80',
    '%EF%BB%BF',
    '\xc3\xa9',
    '\xe2\x82\xac',
    '\xf0\x9f\x98\x80',
    '\xef\xbb\xbf',
    '\xc3',
    '\xa9',
    '\xff',
    'aaaaaaaaaaaaaaaa',
    'name=value&',
  ],
  ways: {
    p: { ahead: 0 },
    // The table is nearly full when the input begins.
    f: { ahead: MAX_PAIRS_READ - 2 },
  },
  seeds,
  read,
  work: { perByte: 3, perPiece: 12, fixed: 2600 },
  check,
  compare: (bytes, transcript) => compareQuery(bytes, textsOf(transcript)),
}

/** The pairs as raw bytes. A form is cut at '&' alone: each cut is moved on to the next. */
function read(pieces, { ahead }) {
  const transcript = []
  if (pieces.length > 1) for (const span of atAmpersands(pieces)) addPairs(transcript, span, 0)
  else if (ahead === 0) addPairs(transcript, pieces[0], 0)
  else addPairs(transcript, Buffer.concat([AHEAD, pieces[0]]), ahead)
  return transcript
}

function atAmpersands(pieces) {
  const bytes = Buffer.concat(pieces)
  const spans = []
  let start = 0
  let cut = 0
  for (const { length } of pieces) {
    cut += length
    if (cut <= start) continue
    const ampersand = bytes.indexOf(AMPERSAND, cut)
    const end = ampersand < 0 ? bytes.length : ampersand
    spans.push(bytes.subarray(start, end))
    start = end
  }
  return spans
}

/** @param skipped pairs that are not part of the transcript */
function addPairs(transcript, bytes, skipped) {
  const start = place(bytes)
  const end = start + bytes.length
  let left = skipped
  let at = start
  do {
    readQuery(at, end)
    const count = u32[PAIR_COUNT]
    const consumed = u32[QUERY_CONSUMED]
    addRows(transcript, at - QUERY_GAP, left, count)
    left = Math.max(0, left - count)
    const isProgress = consumed > 0 || at === end
    if (!isProgress || at + consumed > end) throw new Failure('consumed', `${consumed} of ${end - at} bytes`)
    if (at + consumed < end && count < MAX_PAIRS_READ)
      throw new Failure('consumed', 'not all, and there were rows')
    at += consumed
  } while (at < end)
}

function addRows(transcript, output, first, count) {
  let start = first === 0 ? 0 : u32[PAIRS + 2 * Math.min(first, count) - 1] >>> 1
  for (let row = PAIRS + 2 * first; row < PAIRS + 2 * count; row += 2) {
    const nameEnd = u32[row] >>> 1
    const end = u32[row + 1] >>> 1
    if (start > nameEnd || nameEnd > end) throw new Failure('rows', `${start} ${nameEnd} ${end}`)
    transcript.push(memory.latin1Slice(output + start, output + nameEnd))
    transcript.push(memory.latin1Slice(output + nameEnd, output + end))
    transcript.push((u32[row] & 1) | ((u32[row + 1] & 1) << 1))
    start = end
  }
}

/** Names and values of a transcript in turn, as text. */
function textsOf(transcript) {
  const texts = []
  for (let at = 0; at < transcript.length; at += PAIR_SIZE) {
    texts.push(utf8Of(transcript[at]), utf8Of(transcript[at + 1]))
  }
  return texts
}

const BEYOND_ASCII = /[\x80-\xff]/

function utf8Of(binary) {
  return BEYOND_ASCII.test(binary) ? Buffer.from(binary, 'latin1').utf8Slice() : binary
}

function check(bytes, transcript) {
  const texts = textsOf(transcript)
  checkReaders(bytes, transcript, texts)
  checkWriters(transcript, texts)
  if (bytes.length % 16 === 3) checkLimits(bytes, texts.length / 2)
  // A long value takes long.
  if (bytes.length % 128 === 37) checkLongValue(bytes)
}

function checkReaders(bytes, transcript, texts) {
  const groups = groupsOf(texts)
  demandSame('read-form', readForm(bytes, none.maxPairs), groups)
  const isRaw = (name, value) => BEYOND_ASCII.test(name) || BEYOND_ASCII.test(value)
  const raw = transcript.filter((_, index) => index % PAIR_SIZE < 2)
  if (raw.some((text) => isRaw(text, '')))
    demandSame('decode', readForm(bytes, none.maxPairs, latin1Of), groupsOf(raw))
  const text = bytes.utf8Slice()
  // What is no UTF-8 has no text of its own: the text that is made of it is read twice.
  const wanted = isUtf8(bytes) ? groups : groupsOf(entriesOf(readForm(Buffer.from(text), none.maxPairs)))
  demandSame('parse-query', parseQuery(text, none), wanted)
  demandSame('short-form', readShortForm(text, none.maxPairs), wanted)
}

function latin1Of(bytes) {
  return Buffer.prototype.latin1Slice.call(bytes)
}

/** The values of each name: a text, or an array of them. */
function groupsOf(texts) {
  const groups = new Map()
  for (let at = 0; at < texts.length; at += 2) {
    const earlier = groups.get(texts[at])
    if (earlier === undefined) groups.set(texts[at], texts[at + 1])
    else if (typeof earlier === 'string') groups.set(texts[at], [earlier, texts[at + 1]])
    else earlier.push(texts[at + 1])
  }
  return groups
}

/** The same, back. */
function entriesOf(params) {
  return Object.keys(params).flatMap((name) => [params[name]].flat().flatMap((value) => [name, value]))
}

function demandSame(property, params, groups) {
  const names = Object.keys(params)
  const isSame =
    names.length === groups.size && names.every((name) => isAlike(params[name], groups.get(name)))
  if (isSame) return
  throw new Failure(property, `${JSON.stringify(params)}, not ${JSON.stringify([...groups])}`)
}

function isAlike(found, wanted) {
  if (typeof found === 'string' || typeof wanted === 'string') return found === wanted
  return found.length === wanted?.length && found.every((text, index) => text === wanted[index])
}

function checkLimits(bytes, count) {
  readForm(bytes, count)
  if (count > 0) demandRefusal('max-pairs', 'TOO_MANY_PAIRS', () => readForm(bytes, count - 1))
  const text = bytes.utf8Slice()
  const length = Buffer.byteLength(text)
  parseQuery(text, { maxBytes: length })
  demandRefusal('max-bytes', 'QUERY_TOO_LARGE', () => parseQuery(text, { maxBytes: length - 1 }))
}

function demandRefusal(property, code, run) {
  try {
    run()
  } catch (error) {
    if (error.code === code) return
    throw error
  }
  throw new Failure(property, `no ${code}`)
}

// What is written, whichever way, is the same, and is read as what it was written from.
function checkWriters(transcript, texts) {
  const written = writeForm(texts)
  const short = writeShortForm(texts) ?? written
  if (short !== written) throw new Failure('writers', `${short}, and ${written}`)
  checkRawWriter(texts, written)
  checkRawBytes(transcript)
  const params = parseQuery(written, none)
  demandSame('rewrite', params, groupsOf(texts))
  const again = encodeQuery(params)
  demandSame('encode-query', parseQuery(again, none), groupsOf(texts))
  if (again.length !== written.length) throw new Failure('encode-query', `${again}, and ${written}`)
  if (new Set(Object.keys(params)).size < texts.length / 2) checkStyles(params)
}

/** The core's writer, which counts UTF-16 code units. */
function checkRawWriter(texts, written) {
  let units = 0
  for (let text = 0; text < texts.length; text++) u32[PAIRS + text] = units += texts[text].length
  const out = writeAtEnd(Buffer.from(texts.join('')), texts.length, true)
  if (out.slice(0, -1) !== written) throw new Failure('write-units', `${out}, and ${written}`)
}

/** The same, which counts bytes, whatever they are. */
function checkRawBytes(transcript) {
  let all = ''
  let texts = 0
  for (let at = 0; at < transcript.length; at += PAIR_SIZE) {
    all += transcript[at]
    u32[PAIRS + texts++] = all.length
    all += transcript[at + 1]
    u32[PAIRS + texts++] = all.length
  }
  const written = writeAtEnd(Buffer.from(all, 'latin1'), texts, false)
  if (!/^[*\-._0-9A-Za-z+%=&]*$/.test(written)) throw new Failure('write-bytes', written)
  const again = []
  addPairs(again, Buffer.from(written), 0)
  const isSame =
    again.length === transcript.length && again.every((word, at) => isSameWord(word, transcript[at]))
  if (!isSame) throw new Failure('write-bytes', `${written} is read as ${again}`)
}

// What stood as it is may be an escape now.
function isSameWord(one, other) {
  return typeof one === 'number' || one === other
}

function writeAtEnd(bytes, texts, countsUnits) {
  const end = writeQuery(place(bytes), texts, countsUnits, windowStart)
  return memory.latin1Slice(windowStart, end)
}

// What each style makes of an array of texts.
const styles = {
  array: (name, values) => values.flatMap((value) => [`${name}[]`, value]),
  indexed: (name, values) => values.flatMap((value, index) => [`${name}[${index}]`, value]),
  commaSeparated: (name, values) => [name, values.join(',')],
}

function checkStyles(params) {
  for (const style in styles) {
    const wanted = Object.keys(params).flatMap((name) =>
      typeof params[name] === 'string' ? [name, params[name]] : styles[style](name, params[name]),
    )
    demandSame(`style-${style}`, parseQuery(encodeQuery(params, style), none), groupsOf(wanted))
  }
}

// A value that does not fit the desk is decoded piece by piece; the input lies where one piece ends.
const FILLER = Buffer.alloc(deskSize, 'z')

function checkLongValue(bytes) {
  const filler = FILLER.subarray(0, deskSize - QUERY_GAP - 1 - (bytes.length >> 1))
  const name = Buffer.from('n=')
  const transcript = []
  addPairs(transcript, Buffer.concat([name, bytes]), 0)
  const texts = textsOf(transcript)
  texts[1] = filler.latin1Slice() + texts[1]
  const found = readForm(Buffer.concat([name, filler, bytes]), none.maxPairs)
  demandSame('long-value', found, groupsOf(texts))
}

function seeds() {
  const forms = [
    '',
    'a=1&b=2',
    'name=value&name=other&x=%41+b',
    '&&a&&=b&=&c=',
    'a=b=c&%3D=%26',
    '%C3%A9=\xc3\xa9&\xf0\x9f\x98\x80=%F0%9F%98%80',
    '%E2%82=%ff&\xff=%ED%A0%80',
    '%&%4&%zz&%%41',
    '__proto__=1&__proto__=2&constructor=3&toString',
    'a[b][]=1&a[b][]=2&a[0]=3',
    `${'x'.repeat(33)}=${'y'.repeat(64)}%41&${'z'.repeat(16)}`,
    '\xef\xbb\xbfa=\xef\xbb\xbf&b',
    'a&'.repeat(40),
    `q=${'%41'.repeat(20)}&r=${'+'.repeat(20)}`,
  ]
  return Object.keys(target.ways).flatMap((way) => forms.map((form) => way + form))
}

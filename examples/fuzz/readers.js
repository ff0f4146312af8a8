// What the core makes of bytes, one reader for each kind of them. `judge` says only whether they are read, and is what runs
// thousands of times a second; `describe` says which bytes are what, once for what is shown. What is a stream has an end, and
// more may follow.
//
// A verdict:  { state: 'accepted', value }  { state: 'incomplete' }  { state: 'refused', error }
// A row:      { field, value, start, end, spans: [[start, end, colour]] }, in bytes

import {
  decodeMultipart,
  FrameDecoder,
  parseQuery,
  parseRequestHead,
  parseResponseHead,
} from 'httpkit-wasm/core'
import { latin1, shown, textOfHex } from './bytes.js'

function judgeBy(parse) {
  return (bytes) => {
    try {
      const value = parse(bytes)
      return value === undefined ? { state: 'incomplete' } : { state: 'accepted', value }
    } catch (error) {
      return refusal(error)
    }
  }
}

function refusal(error, more) {
  if (error.code === undefined) throw error // no verdict, but a fault of this page
  return { state: 'refused', error, ...more }
}

const request = {
  judge: judgeBy(parseRequestHead),
  summary: ({ length }) => `A request’s head of ${length} bytes`,
  endOf: ({ length }) => length,
  describe: (head, bytes) => rowsOfHead(head, bytes, ['method', 'target', 'protocol']),
}

const response = {
  judge: judgeBy(parseResponseHead),
  summary: ({ length }) => `A response’s head of ${length} bytes`,
  endOf: ({ length }) => length,
  describe: (head, bytes) => rowsOfHead(head, bytes, ['protocol', 'status', 'reason']),
}

// The core has accepted the head, so this may trust its lines: three words, then fields.
function rowsOfHead({ length, headersList }, bytes, words) {
  const written = latin1(bytes.subarray(0, length))
  let start = /[^\r\n]/.exec(written).index // an empty line may come before it
  const [startLine, ...fieldLines] = written.slice(start).split('\r\n')
  const values = /^(\S+) (\S+) ?(.*)$/.exec(startLine).slice(1)
  const colours = ['blue', 'green', 'ochre']
  const rows = words.map((field, n) => {
    const row = oneSpan(field, values[n], start, colours[n])
    start = row.end + 1
    return row
  })
  start = rows[0].start + startLine.length + 2
  return rows.concat(headersList.map(([name, value], n) => fieldRow(name, value, fieldLines[n])))

  function fieldRow(name, value, line) {
    const end = start + line.length
    const valueStart = value === '' ? end : start + line.indexOf(value, name.length + 1)
    const spans = [
      [start, start + name.length, 'blue'],
      [valueStart, valueStart + value.length, 'green'],
    ]
    const row = { field: name, value, start, end, spans }
    start = end + 2
    return row
  }
}

const oneSpan = (field, value, start, colour, length = value.length) => {
  return { field, value, start, end: start + length, spans: [[start, start + length, colour]] }
}

const frames = {
  judge: judgeFrames,
  summary: ({ length }) => (length === 1 ? 'One frame' : `${length} frames`),
  endOf: (list) => list.at(-1)?.end ?? 0,
  describe: (list, bytes) => list.flatMap((frame) => rowsOfFrame(frame, bytes)),
}

// Byte by byte: only so it is seen where a frame ends.
function judgeFrames(bytes) {
  const decoder = new FrameDecoder({ role: 'server', maxPayload: 65_536 })
  const value = []
  let start = 0
  for (let at = 0; at < bytes.length; at++) {
    try {
      for (const frame of decoder.push(bytes.subarray(at, at + 1))) {
        value.push({ ...frame, start, end: at + 1 })
        start = at + 1
      }
    } catch (error) {
      return refusal(error, { value, offset: at })
    }
  }
  return value.length > 0 ? { state: 'accepted', value } : { state: 'incomplete' }
}

const opcodes = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' }

function rowsOfFrame({ opcode, fin, payload, start, end }, bytes) {
  const short = bytes[start + 1] & 127
  const maskStart = start + 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
  const kind = `${opcodes[opcode]}${fin ? '' : ', to be continued'}`
  return [
    oneSpan('opcode', kind, start, 'blue', 1),
    oneSpan('length', String(payload.length), start + 1, 'ochre', maskStart - start - 1),
    oneSpan('mask', textOfHex(bytes.subarray(maskStart, maskStart + 4)), maskStart, 'rest', 4),
    oneSpan('payload', shownPayload(opcode, payload), maskStart + 4, 'green', end - maskStart - 4),
  ]
}

function shownPayload(opcode, payload) {
  if (opcode !== 8 || payload.length < 2) return shown(payload)
  return `${payload[0] * 256 + payload[1]} ${shown(payload.subarray(2))}`
}

const query = {
  judge: judgeBy((bytes) => parseQuery(new TextDecoder().decode(bytes))),
  summary: (params) => `A query of ${Object.keys(params).length} names`,
  describe: (params) =>
    Object.entries(params).flatMap(([field, values]) => [values].flat().map((value) => ({ field, value }))),
}

const multipart = {
  judge: judgeMultipart,
  summary: ({ length }) => (length === 1 ? 'One part' : `${length} parts`),
  describe: (parts) =>
    parts.flatMap(({ name, filename, contentType, bytes }) => [
      { field: 'name', value: name ?? '' },
      ...(filename === undefined ? [] : [{ field: 'filename', value: filename }]),
      { field: 'contentType', value: contentType },
      { field: `${bytes.length} bytes`, value: shown(bytes) },
    ]),
}

// The boundary is what the first line has: elsewhere the Content-Type says it.
async function judgeMultipart(bytes) {
  const boundary = /^--([^\r]*)/.exec(latin1(bytes))?.[1] ?? ''
  const value = []
  try {
    const type = `multipart/form-data; boundary="${boundary.replace(/["\\]/g, '\\$&')}"`
    for await (const part of decodeMultipart(bytes, type)) {
      const { name, filename, contentType } = part
      value.push({ name, filename, contentType, bytes: await part.bytes() })
    }
    return { state: 'accepted', value }
  } catch (error) {
    return refusal(error, { value })
  }
}

export const readers = { request, response, frames, query, multipart }

/**
 * The same bytes, one at a time, as a slow network would bring them.
 *
 * @returns after how many of them the reader knew, and its verdict then; undefined where it never does
 */
export function dribble({ judge }, bytes) {
  for (let length = 1; length <= bytes.length; length++) {
    const verdict = judge(bytes.subarray(0, length))
    if (verdict.state !== 'incomplete') return { length, verdict }
  }
}

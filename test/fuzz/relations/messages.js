// What must hold for whoever reads a connection's messages, be they requests or responses.
import { fieldName } from '../../../build/modules/core/field-line.js'
import { Rest } from '../differences/http-text.js'
import { Failure } from '../engine/failure.js'
import { isEqual } from '../transcripts/http.js'
import { understandingOf } from '../transcripts/http-messages.js'

/** What may stand behind a message: another one, line ends, what no message begins with, nothing. */
const FOLLOWERS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/1.1 200\r\n\r\n',
  '\r\n\r\n',
  '0\r\n\r\n',
  '\n',
  '\0:',
  '',
]
const followers = FOLLOWERS.map((text) => Buffer.from(text, 'latin1'))

/**
 * Consumed + rest = input: what stands behind a message, read by itself, gives what it gave there; and something else in
 * its place changes nothing of what came before.
 *
 * @param messages complete ones, of which this is shown for one
 * @param read reads pieces that so many of the messages have come before
 */
export function checkConsumed(bytes, transcript, messages, read) {
  const index = bytes.length % messages.length
  const { end, told, closes } = messages[index]
  const other = read([bytes.subarray(0, end), followers[bytes.length % followers.length]], 0)
  if (!isEqual(other.slice(0, told), transcript.slice(0, told))) {
    throw new Failure('followers', `with other bytes behind message ${index}, it reads\n${other}`)
  }
  if (closes) return
  const rest = read([bytes.subarray(end)], index + 1)
  if (!isEqual(rest, transcript.slice(told))) {
    throw new Failure('rest', `read by itself, the rest gives\n${rest}`)
  }
}

/**
 * What is accepted, written again, reads the same.
 *
 * @param write gives a message's start-line, and a field-line
 */
export function checkRewritten(messages, write, read) {
  const texts = messages.map((message) => {
    return `${write.startLine(message)}\r\n${fieldLines(message.fields, write)}\r\n${bodyOf(message, write)}`
  })
  const transcript = read([Buffer.from(texts.join(''), 'latin1')], 0)
  const again = understandingOf(transcript).messages
  for (let at = 0; at < messages.length; at++) demandSame(messages[at], again[at], transcript)
}

function demandSame(message, again, transcript) {
  const isSame =
    again?.isComplete &&
    again.flags === message.flags &&
    again.method === message.method &&
    again.target === message.target &&
    again.body === message.body &&
    again.closes === message.closes &&
    isEqual(again.fields, message.fields) &&
    isEqual(again.trailers, message.trailers)
  if (!isSame) throw new Failure('rewritten', `written again, it reads\n${transcript}`)
}

/** As our own writer makes it; what it would encode as UTF-8 is written as it came. */
export function ourFieldLine(name, value) {
  return isAscii(value) ? fieldName(name).line(value) : shortFieldLine(name, value)
}

/** As short as it can be, where limits are narrow. */
export function shortFieldLine(name, value) {
  return `${name}:${value}\r\n`
}

function isAscii(text) {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false
  return true
}

function fieldLines(fields, { fieldLine }) {
  let lines = ''
  for (let at = 0; at < fields.length; at += 2) lines += fieldLine(fields[at], fields[at + 1])
  return lines
}

function bodyOf({ fields, hasBody, body, trailers }, write) {
  if (!hasBody || !isChunked(fields)) return body
  const chunk = body === '' ? '' : `${body.length.toString(16)}\r\n${body}\r\n`
  return `${chunk}0\r\n${fieldLines(trailers, write)}\r\n`
}

function isChunked(fields) {
  for (let at = 0; at < fields.length; at += 2) if (fields[at] === 'transfer-encoding') return true
  return false
}

const LIMIT_CODES = [
  'REQUEST_LINE_TOO_LONG',
  'FIELD_TOO_LONG',
  'TOO_MANY_FIELDS',
  'HEAD_TOO_LARGE',
  'BODY_TOO_LARGE',
]

/**
 * A limit does nothing but refuse: what is read under limits is what is read without them, up to there.
 *
 * @param free the transcript under limits that are not reached
 */
export function checkLimits(bytes, transcript, free, limits) {
  const { messages, refusal, refusedAt } = understandingOf(transcript)
  const isLimited = LIMIT_CODES.includes(refusal)
  const last = messages.findLast(({ isComplete }) => isComplete)
  const length = isLimited ? (last?.told ?? 0) : Math.max(transcript.length, free.length)
  if (!isEqual(transcript.slice(0, length), free.slice(0, length))) {
    throw new Failure('limits', `without limits it gives\n${free}`)
  }
  for (const message of messages) {
    if (message.isComplete || refusal === undefined) demandWithin(bytes, message, limits)
  }
  if (isLimited && refusedAt >= 0) demandOver(bytes.latin1Slice(last?.end ?? 0, refusedAt), refusal, limits)
}

// A body counts from where its length, or that of a chunk, is known.
function demandWithin(bytes, message, { maxLine, maxHeaders, maxBody }) {
  const { begin, headEnd, body, trailers } = message
  const lines = bytes.latin1Slice(begin, headEnd).split('\r\n')
  const isWithin =
    lines.every((line) => line.length <= maxLine) &&
    lines.filter((line) => line !== '').length <= maxHeaders + 1 &&
    trailers.length <= maxHeaders * 2 &&
    body.length <= maxBody &&
    (message.isComplete || !isChunked(message.fields) || new Rest(bytes, begin).chunkedLength <= maxBody)
  if (!isWithin) throw new Failure('limits', 'a message over the limits')
}

/** @param text of the message, up to the place of the fault */
function demandOver(text, refusal, { maxLine, maxHeaders }) {
  const lines = text.split('\r\n')
  const isOver = refusal.endsWith('_TOO_LONG')
    ? lines.at(-1).length === maxLine
    : refusal === 'TOO_MANY_FIELDS' && lines.length > maxHeaders
  if (!isOver) throw new Failure('limits', `${refusal}, and it is not`)
}

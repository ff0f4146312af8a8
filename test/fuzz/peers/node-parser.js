// The parser inside node:http, as its server uses it, and as strict; only the limit of a head is out of the way. It does not
// tell where messages end. As for an upgrade, see llhttp.js.
import { createRequire } from 'node:module'
import { Message, Understanding } from '../transcripts/http-messages.js'
import { methodNames } from './llhttp.js'

const { HTTPParser } = createRequire(import.meta.url)('node:_http_common')

const MAX_HEAD = 1024 * 1024
const SKIP_BODY = 1
const FIRST_FINAL = 200

const UNTOLD = { code: 'HPE_UNTOLD', bytesParsed: 0 }

let found
let message
let fields
let target
let isResponse
let answersHead

// Fields come in lots of 32, of which the head's last one comes with the head.
function takeLot(lot, url) {
  fields.push(...lot)
  target += url
}

function takeHead(major, minor, lot, method, url, status, reason, _upgrade, keepsAlive) {
  message = new Message()
  if (lot !== undefined) fields.push(...lot)
  message.method = isResponse ? String(status) : methodNames[method]
  message.target = isResponse ? reason : target + (url ?? '')
  message.version = `${major}.${minor}`
  message.fields = lowerNames(fields)
  found.messages.push(message)
  const isSkipped = isResponse && status >= FIRST_FINAL && answersHead(found.messages)
  // It is told before it is known that a response has no body.
  if (!isSkipped) message.closes = !keepsAlive
  begin()
  return isSkipped ? SKIP_BODY : 0
}

function begin() {
  fields = []
  target = ''
}

function takeBody(bytes) {
  message.body += bytes.latin1Slice()
}

function endMessage() {
  message.trailers = lowerNames(fields)
  message.isComplete = true
  message = undefined
  begin()
}

function lowerNames(list) {
  for (let at = 0; at < list.length; at += 2) list[at] = list[at].toLowerCase()
  return list
}

const parser = new HTTPParser()
parser[HTTPParser.kOnHeaders | 0] = takeLot
parser[HTTPParser.kOnHeadersComplete | 0] = takeHead
parser[HTTPParser.kOnBody | 0] = takeBody
parser[HTTPParser.kOnMessageComplete | 0] = endMessage
const resource = {}

export function readRequests(bytes) {
  isResponse = false
  return read(HTTPParser.REQUEST, bytes)
}

/** @param answers says of the last of a list of messages whether it answers a HEAD */
export function readResponses(bytes, answers) {
  isResponse = true
  answersHead = answers
  return read(HTTPParser.RESPONSE, bytes)
}

function read(type, bytes) {
  found = new Understanding()
  message = undefined
  begin()
  parser.initialize(type, resource, MAX_HEAD)
  for (let at = 0; at < bytes.length; ) {
    const result = parser.execute(at === 0 ? bytes : bytes.subarray(at))
    if (typeof result !== 'number') return refuse(result, at)
    at += result
    // Once an upgrade has been asked for, it tells of no fault, and reads no further.
    if (at < bytes.length && (result === 0 || message !== undefined)) return refuse(UNTOLD, at)
  }
  // Of a head that has begun it says nothing.
  found.isOpen = message !== undefined
  return found
}

function refuse(error, at) {
  found.refusal = error.code.replace(/^HPE_/, '')
  found.refusedAt = at + error.bytesParsed
  return found
}

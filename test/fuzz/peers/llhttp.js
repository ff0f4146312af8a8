// llhttp as undici ships it, in WebAssembly, with none of its leniencies. It is given a whole connection at once and stops
// behind every message, to be asked where that ends.
//
// A request that asks for an upgrade, and a CONNECT, have it stop, too: whether anything is upgraded is for the server to
// say (RFC 9110 §7.8), so it is told to go on. Blanks at the end of a field's value are left to its user, and are taken
// away here (§5.5).
import { createRequire } from 'node:module'
import { Message, Understanding } from '../transcripts/http-messages.js'

const require = createRequire(import.meta.url)
const { ERROR, METHODS } = require('undici/lib/llhttp/constants.js')
const module = new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js'))

const TYPE_REQUEST = 1
const TYPE_RESPONSE = 2
const MAX_INPUT = 64 * 1024
/** What a callback for the end of a head returns where no body follows, whatever it says. */
const SKIP_BODY = 1

const errorNames = namesByNumber(ERROR)
/** The methods that llhttp knows, by its numbers. */
export const methodNames = namesByNumber(METHODS)

let found
let message
let isResponse
let answersHead

const { exports: llhttp } = new WebAssembly.Instance(module, {
  env: {
    wasm_on_message_begin() {
      message = new Message()
      return 0
    },
    wasm_on_url(_parser, at, length) {
      message.target += textAt(at, length)
      return 0
    },
    wasm_on_status(_parser, at, length) {
      message.target += textAt(at, length)
      return 0
    },
    wasm_on_header_field(_parser, at, length) {
      listInHand().push(textAt(at, length).toLowerCase(), '')
      return 0
    },
    wasm_on_header_value(_parser, at, length) {
      const list = listInHand()
      list[list.length - 1] += textAt(at, length)
      return 0
    },
    wasm_on_headers_complete(parser, status, _upgrade, keepsAlive) {
      message.method = isResponse ? String(status) : methodNames[llhttp.llhttp_get_method(parser)]
      message.version = `${llhttp.llhttp_get_http_major(parser)}.${llhttp.llhttp_get_http_minor(parser)}`
      message.fields = trimmed(message.fields)
      message.closes = keepsAlive === 0
      found.messages.push(message)
      return isResponse && answersHead(found.messages) ? SKIP_BODY : 0
    },
    wasm_on_body(_parser, at, length) {
      message.body += textAt(at, length)
      return 0
    },
    wasm_on_message_complete(parser) {
      message.trailers = trimmed(message.trailers)
      message.closes = llhttp.llhttp_should_keep_alive(parser) === 0
      message.isComplete = true
      return ERROR.PAUSED
    },
  },
})
llhttp._initialize()
const requestParser = llhttp.llhttp_alloc(TYPE_REQUEST)
const responseParser = llhttp.llhttp_alloc(TYPE_RESPONSE)
const start = llhttp.malloc(MAX_INPUT)
const memory = Buffer.from(llhttp.memory.buffer)

export function readRequests(bytes) {
  isResponse = false
  return read(requestParser, bytes)
}

/** @param answers says of the last of a list of messages whether it answers a HEAD */
export function readResponses(bytes, answers) {
  isResponse = true
  answersHead = answers
  return read(responseParser, bytes)
}

function read(parser, bytes) {
  found = new Understanding()
  message = undefined
  memory.set(bytes, start)
  llhttp.llhttp_reset(parser)
  const end = start + bytes.length
  for (let at = start, error = 0; at < end; at = llhttp.llhttp_get_error_pos(parser)) {
    error = llhttp.llhttp_execute(parser, at, end - at)
    if (error === 0) break
    if (error === ERROR.PAUSED) endMessage(parser)
    else if (error === ERROR.PAUSED_UPGRADE) llhttp.llhttp_resume_after_upgrade(parser)
    else return refuse(parser, error)
  }
  found.isOpen = message !== undefined
  return found
}

function endMessage(parser) {
  message.end = llhttp.llhttp_get_error_pos(parser) - start
  message = undefined
  llhttp.llhttp_resume(parser)
}

function refuse(parser, error) {
  found.refusal = errorNames[error]
  found.refusedAt = llhttp.llhttp_get_error_pos(parser) - start
  return found
}

function namesByNumber(numbers) {
  const names = []
  for (const name in numbers) names[numbers[name]] = name
  return names
}

function listInHand() {
  return found.messages.at(-1) === message ? message.trailers : message.fields
}

function textAt(at, length) {
  return memory.latin1Slice(at, at + length)
}

function trimmed(fields) {
  for (let at = 1; at < fields.length; at += 2) fields[at] = withoutBlanks(fields[at])
  return fields
}

function withoutBlanks(value) {
  let end = value.length
  while (end > 0 && (value.charCodeAt(end - 1) === 0x20 || value.charCodeAt(end - 1) === 0x09)) end--
  return end === value.length ? value : value.slice(0, end)
}

// llhttp's wasm build, taken from undici, with callbacks that do nothing: a connection's bytes in one call.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const module = new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js'))

const REQUEST = 1
const RESPONSE = 2
const MAX_INPUT = 64 * 1024

const nothing = () => 0
const names = ['url', 'status', 'header_field', 'header_value', 'headers_complete', 'body']
const callbacks = Object.fromEntries(
  ['message_begin', 'message_complete', ...names].map((name) => [`wasm_on_${name}`, nothing]),
)
const { exports: llhttp } = new WebAssembly.Instance(module, { env: callbacks })
llhttp._initialize()
const start = llhttp.malloc(MAX_INPUT)
const memory = Buffer.from(llhttp.memory.buffer)

export const readers = {
  'request-head': readerOf(REQUEST),
  'response-head': readerOf(RESPONSE),
  chunked: readerOf(REQUEST),
}

function readerOf(type) {
  const parser = llhttp.llhttp_alloc(type)
  return (bytes) => {
    memory.set(bytes, start)
    llhttp.llhttp_reset(parser)
    return llhttp.llhttp_execute(parser, start, bytes.length)
  }
}

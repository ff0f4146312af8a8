// llhttp's wasm build, taken from undici, as undici drives it: one imported callback per event. With empty callbacks it
// is the parser alone; with strings it collects what node:http's parser would: the target and a flat header array.
// The bytes stay in its memory: copying them there is not counted.

import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const bytesOfModule = require('undici/lib/llhttp/llhttp_simd-wasm.js')
const module = new WebAssembly.Module(bytesOfModule)
const typeRequest = 1

export const parsers = {
  empty: (_head, message) => parserOf(message, () => emptyCallbacks),
  strings(_head, message) {
    let head
    const { parse } = parserOf(message, (memory) => ({
      ...emptyCallbacks,
      wasm_on_message_begin: () => {
        head = { target: '', headers: [] }
        return 0
      },
      wasm_on_url: (_parser, at, length) => {
        head.target = memory().latin1Slice(at, at + length)
        return 0
      },
      wasm_on_header_field: (_parser, at, length) => {
        head.headers.push(memory().latin1Slice(at, at + length))
        return 0
      },
      wasm_on_header_value: (_parser, at, length) => {
        head.headers.push(memory().latin1Slice(at, at + length))
        return 0
      },
    }))
    return { parse, fieldCount: () => head.headers.length / 2 }
  },
}

const nothing = () => 0
const emptyCallbacks = {
  wasm_on_message_begin: nothing,
  wasm_on_url: nothing,
  wasm_on_status: nothing,
  wasm_on_header_field: nothing,
  wasm_on_header_value: nothing,
  wasm_on_headers_complete: nothing,
  wasm_on_body: nothing,
  wasm_on_message_complete: nothing,
}

function parserOf(message, callbacks) {
  let memory
  const { exports: llhttp } = new WebAssembly.Instance(module, { env: callbacks(() => memory) })
  llhttp._initialize()
  const parser = llhttp.llhttp_alloc(typeRequest)
  const start = llhttp.malloc(message.length)
  memory = Buffer.from(llhttp.memory.buffer)
  memory.set(message, start)
  const execute = llhttp.llhttp_execute
  const parse = (times) => {
    for (let i = 0; i < times; i++) {
      const error = execute(parser, start, message.length)
      if (error !== 0) throw new Error(`llhttp refuses the head: ${error}`)
    }
  }
  return { parse }
}

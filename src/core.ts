// httpkit-wasm/core: the wire codecs over the wasm module, without I/O. Runs wherever WebAssembly does.
export type { Headers } from './core/fields.js'
export { parseRequestHead, type RequestHead } from './core/parse-head.js'
export { ProtocolError } from './core/protocol-error.js'

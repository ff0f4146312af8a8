// httpkit-wasm/core: the wire codecs over the wasm module, without I/O. Runs wherever WebAssembly does.

export { encodeFrame, type FrameToEncode } from './core/encode-frame.js'
export { encodeQuery } from './core/encode-query.js'
export type { Headers } from './core/fields.js'
export type { NestedParamStyle } from './core/flat-params.js'
export { type Frame, FrameDecoder, type FrameDecoderOptions } from './core/frame-decoder.js'
export type { Params } from './core/params.js'
export {
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './core/parse-head.js'
export { parseQuery, type QueryLimits } from './core/parse-query.js'
export { ProtocolError } from './core/protocol-error.js'
export { validUtf8 } from './core/valid-utf8.js'
export { decodeMultipart, type MultipartBody, type MultipartLimits } from './form/decode-multipart.js'
export {
  type EncodedMultipart,
  encodeMultipart,
  type MultipartOptions,
  type Part,
  type PartContent,
} from './form/encode-multipart.js'
export type { MultipartPart } from './form/incoming-part.js'

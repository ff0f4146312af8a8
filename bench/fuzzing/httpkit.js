// This library's readers as its server and client drive them: events, and nothing made of them. They are not public, so they
// are imported from the build; the core in there is the instrumented one where the fuzzer's hook is preloaded.
import { FrameReader } from '../../build/modules/core/frame-reader.js'
import { ERROR, NEED_MORE } from '../../build/modules/core/http-reader.js'
import { MultipartReader } from '../../build/modules/core/multipart-reader.js'
import { parseQuery } from '../../build/modules/core/parse-query.js'
import { RequestReader } from '../../build/modules/core/request-reader.js'
import { ResponseReader } from '../../build/modules/core/response-reader.js'
import { validUtf8 } from '../../build/modules/core/valid-utf8.js'
import { FramePlace, INBOX_FRAMES, memory, windowStart } from '../../build/modules/core/wasm.js'

const limits = { maxLine: 8192, maxHeaders: 100, maxBody: 8 * 1024 * 1024 }
const nobody = { onPart() {}, onData() {}, onPartEnd() {} }

export const readers = {
  'request-head': (bytes) => readMessages(new RequestReader(limits), bytes),
  'response-head'(bytes) {
    const reader = new ResponseReader()
    reader.expect(false)
    return readMessages(reader, bytes)
  },
  chunked: (bytes) => readMessages(new RequestReader(limits), bytes),
  query: (text) => parseQuery(text, { maxPairs: Number.POSITIVE_INFINITY }),
  multipart(bytes, { boundary }) {
    const reader = new MultipartReader(boundary, true, 16 * 1024, nobody)
    try {
      reader.push(bytes)
      reader.end()
    } catch (error) {
      return error
    }
  },
  frames(bytes) {
    const reader = new FrameReader(INBOX_FRAMES, new FramePlace(true, false, Number.POSITIVE_INFINITY))
    memory.set(bytes, windowStart)
    reader.feed(windowStart, windowStart + bytes.length)
    while (reader.next());
    return reader.error
  },
  utf8: (bytes) => validUtf8(bytes),
}

function readMessages(reader, bytes) {
  memory.set(bytes, windowStart)
  reader.feed(windowStart, windowStart + bytes.length)
  let event
  do event = reader.next()
  while (event !== NEED_MORE && event !== ERROR)
  return reader.error
}

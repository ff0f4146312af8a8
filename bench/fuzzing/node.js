// The parser inside node:http, which makes strings of a head, and Node's own readers of queries and of UTF-8.
import { isUtf8 } from 'node:buffer'

const { HTTPParser } = process.binding('http_parser')
const MAX_HEAD = 64 * 1024

export const readers = {
  'request-head': readerOf(HTTPParser.REQUEST),
  'response-head': readerOf(HTTPParser.RESPONSE),
  chunked: readerOf(HTTPParser.REQUEST),
  query: (text) => new URLSearchParams(text),
  utf8: (bytes) => isUtf8(bytes),
}

function readerOf(type) {
  const parser = new HTTPParser()
  for (const event of ['kOnHeaders', 'kOnHeadersComplete', 'kOnBody', 'kOnMessageComplete']) {
    parser[HTTPParser[event] | 0] = () => 0
  }
  const resource = {}
  return (bytes) => {
    parser.initialize(type, resource, MAX_HEAD)
    return parser.execute(bytes)
  }
}

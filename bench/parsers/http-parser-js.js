// http-parser-js: the same interface in plain JavaScript.

import { HTTPParser } from 'http-parser-js'

export const parsers = {
  array(_head, message) {
    let headers
    const parser = new HTTPParser(HTTPParser.REQUEST)
    parser[HTTPParser.kOnHeadersComplete] = (info) => {
      headers = info.headers
    }
    parser[HTTPParser.kOnMessageComplete] = () => {}
    const parse = (times) => {
      for (let i = 0; i < times; i++) {
        const consumed = parser.execute(message, 0, message.length)
        if (consumed !== message.length) throw new Error(`http-parser-js refuses the head: ${consumed}`)
      }
    }
    return { parse, fieldCount: () => headers.length / 2 }
  },
}

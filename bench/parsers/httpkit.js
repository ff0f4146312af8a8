// This library's parser, in two forms: the core's call alone, on bytes that lie where the server reads them to, and the
// complete eager request map as the server makes it. They are not public, so they are imported from the build.

import { latin1 } from '../../build/modules/core/text.js'
import { deskSize, deskStart, maxFields, memory, readRequestHead } from '../../build/modules/core/wasm.js'
import { readRequest, requestMethod } from '../../build/modules/server/request.js'

const maxLine = 8192
const origin = {
  scheme: 'http',
  remoteAddr: '127.0.0.1',
  localName: '127.0.0.1',
  localPort: 8090,
  trustsForwardedFor: false,
  proxyFields: undefined,
}
const noChannel = {}

export const parsers = {
  raw(head) {
    const parse = (times) => {
      memory.set(head, deskStart)
      for (let i = 0; i < times; i++) readHead(head.length)
    }
    return { parse }
  },

  object(head) {
    let request
    const parse = (times) => {
      memory.set(head, deskStart)
      for (let i = 0; i < times; i++) {
        const end = readHead(head.length)
        const text = latin1(deskStart, end)
        request = readRequest(text, requestMethod(text), origin, noChannel, 0)
      }
    }
    return { parse, fieldCount: () => Object.keys(request.headers).length }
  },
}

function readHead(length) {
  const read = readRequestHead(deskStart, deskStart + length, 0, maxLine, maxFields, deskSize)
  if (read !== length) throw new Error(`httpkit refuses the head: ${read}`)
  return deskStart + read
}

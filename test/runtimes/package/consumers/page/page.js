// A browser's application: codecs, middleware, and a handler as a service worker has it.

import { encodeFrame, FrameDecoder, ProtocolError, parseQuery, parseRequestHead } from 'httpkit-wasm/core'
import { asChannel, toFetch } from 'httpkit-wasm/edge'
import { wrapMultipartParams, wrapParams } from 'httpkit-wasm/middleware'

const bytes = (text) => new TextEncoder().encode(text)
const decoder = new FrameDecoder({ role: 'client' })
const [frame] = decoder.push(encodeFrame({ opcode: 1, payload: 'frame' }))

const greet = toFetch(wrapParams(({ params }) => ({ body: `Hello, ${params.name}!` })))
const upload = toFetch(
  wrapMultipartParams(({ multipartParams: { note } }) => ({
    body: `${note.filename}: ${note.bytes.length}`,
  })),
)
const stream = toFetch((req) => asChannel(req, { onOpen: (channel) => void channel.send('streamed') }))

const form = new FormData()
form.append('note', new File(['four'], 'note.txt'))
const textOf = async (answer) => (await answer).text()

const told = {
  method: parseRequestHead(bytes('GET / HTTP/1.1\r\nHost: a\r\n\r\n')).method,
  query: parseQuery('a=%C3%AB').a,
  frame: new TextDecoder().decode(frame.payload),
  refused: refusal(),
  greeting: await textOf(greet(new Request('http://a/?name=Ada'))),
  upload: await textOf(upload(new Request('http://a/', { method: 'POST', body: form }))),
  streamed: await textOf(stream(new Request('http://a/'))),
}
document.body.textContent = JSON.stringify(told)

function refusal() {
  try {
    parseRequestHead(bytes('GET / HTTP/1.1\r\nHost : a\r\n\r\n'))
  } catch (error) {
    return error instanceof ProtocolError && error.status
  }
}

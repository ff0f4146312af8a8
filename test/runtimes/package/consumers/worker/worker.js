// A worker: a handler with middleware, and one that asks another server by the client over its own sockets.
import { get, openWebSocket } from 'httpkit-wasm/client'
import { asChannel, toFetch } from 'httpkit-wasm/edge'
import { wrapParams } from 'httpkit-wasm/middleware'

async function handler(req) {
  if (req.uri === '/talk')
    return asChannel(req, { onReceive: (channel, text) => channel.send(`${text} again`) })
  const { from, name } = req.params
  if (req.uri === '/hello') return { body: `Hello, ${name}!` }
  if (req.uri === '/asked') return { body: (await get(from, { as: 'text' }).unwrap()).body }
  return { body: await firstMessage(from) }
}

async function firstMessage(from) {
  const { promise, resolve } = Promise.withResolvers()
  const onReceive = (channel, message) => resolve(channel.close() && message)
  const channel = await openWebSocket(from, { onReceive })
  channel.send('once')
  return promise
}

export default { fetch: toFetch(wrapParams(handler)) }

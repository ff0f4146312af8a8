// What docs/channels.md has to do over WebSockets and over HTTP.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, openWebSocket, runServer } from 'httpkit-wasm'
import WebSocket from 'ws'

async function serving(handler, ask) {
  const server = await runServer(handler, { port: 0 })
  await ask(`http://localhost:${server.port}`, server)
  await server.stop()
}

export const checks = {
  async 'Channels: WebSocket, streaming, long polling'({ room }, { url, until }) {
    const heard = []
    const channel = await openWebSocket(url(), { onReceive: (_channel, message) => heard.push(message) })
    const poll = get(url(), { as: 'text' })
    await until(() => room.size === 2)
    channel.send('hello')
    assert.equal((await poll).body, 'hello')
    await until(() => heard.length === 1)
    assert.equal(heard[0], 'hello')
    channel.close()
    await until(() => room.size === 0)
  },
  'Long polling': ({ poll, publish, waiting }, { until }) =>
    serving(poll, async (url) => {
      const answer = get(url, { as: 'text' })
      await until(() => waiting.size === 1)
      publish('news')
      assert.equal((await answer).body, 'news')
      assert.equal(waiting.size, 0)
    }),
  async 'Streaming, server-sent events'({ events, numbers }) {
    await serving(events, async (url, server) => {
      const { body, headers } = await get(url, { as: 'stream' })
      assert.equal(headers['content-type'], 'text/event-stream')
      const { value } = await body.getReader().read()
      assert.equal(new TextDecoder().decode(value), 'data: hello\n\n')
      await server.stop()
    })
    await serving(numbers, async (url) => {
      const { body } = await get(url, { as: 'text' })
      assert.equal(body.split('\n').length, 1001)
    })
  },
  async WebSockets(_, { url }) {
    const socket = new WebSocket(url(8091, 'ws'), ['chat.v1', 'chat.v2'])
    await once(socket, 'open')
    assert.equal(socket.protocol, 'chat.v2')
    socket.send('hello')
    const [data] = await once(socket, 'message')
    assert.equal(String(data), 'HELLO')
    socket.send('a'.repeat(1001))
    const [code, reason] = await once(socket, 'close')
    assert.deepEqual([code, String(reason)], [1009, 'too long'])
  },
  async 'From the other end'(_, { printed, until }) {
    assert.ok(printed.includes('HELLO'))
    await until(() => printed.includes('normal 1000 '))
  },
  async "Ring's WebSocket API"(_, { url, printed, until }) {
    const heard = []
    const channel = await openWebSocket(
      url(8092, 'ws'),
      { onReceive: (_channel, message) => heard.push(message) },
      { protocol: 'echo' },
    )
    channel.send('hello')
    await until(() => heard.length === 2)
    assert.deepEqual(heard, ['welcome', 'hello'])
    channel.close(1000, 'bye')
    await until(() => printed.includes('1000 bye'))
  },
}

// What docs/edge.md has to answer, behind fetch and on our server.
import assert from 'node:assert/strict'
import { get, openWebSocket } from 'httpkit-wasm'

export const checks = {
  "A handler behind a platform's server"({ websocket }, { printed }) {
    assert.equal(printed[0], '200 hello from /there')
    assert.equal(typeof websocket.open, 'function')
  },
  async 'A fetch app on this server'(_, { url }) {
    assert.equal((await get(`${url()}/hello/Ada`, { as: 'text' })).body, 'hello Ada')
    assert.equal((await get(`${url(8091)}/hello/Bob`, { as: 'text' })).body, 'hello Bob')
    const message = await new Promise((resolve, reject) => {
      openWebSocket(`${url(8091)}/echo`, {
        onOpen: (channel) => void channel.send('hi'),
        onReceive(channel, text) {
          channel.close()
          resolve(text)
        },
      }).catch(reject)
    })
    assert.equal(message, 'hi')
  },
  'Codecs alone'({ head, params, query, frame }) {
    assert.equal(head.target, '/a?b=1')
    assert.deepEqual({ ...params }, { name: 'Ada', tag: ['a', 'b'] })
    assert.equal(query, 'tag%5B%5D=a&tag%5B%5D=b')
    assert.equal(new TextDecoder().decode(frame.payload), 'hi')
  },
}

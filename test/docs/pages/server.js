// What docs/server.md speaks of, and what its servers have to answer.
import assert from 'node:assert/strict'
import { get, post, runServer } from 'httpkit-wasm'

export const files = { 'book.txt': 'once upon a time' }

const opening = 'Serving HTTP'

async function serving(handler, ask) {
  const server = await runServer(handler, { port: 0 })
  await ask(`http://localhost:${server.port}`)
  await server.stop()
}

export const checks = {
  async [opening](_, { url, printed }) {
    assert.equal((await get(url(), { as: 'text' })).body, 'hello')
    assert.equal((await get(`${url()}/who`, { as: 'text' })).body, 'you are 127.0.0.1')
    assert.equal((await get(`${url()}/else`)).status, 404)
    assert.match(printed[0], /^http:\/\/localhost:\d+$/)
  },
  'The request map': ({ greet }) =>
    serving(greet, async (url) => {
      assert.equal((await get(`${url}/?name=Ada`, { as: 'text' })).body, 'hello Ada')
      assert.equal((await post(url, { formParams: { name: 'Bob' }, as: 'text' })).body, 'hello Bob')
    }),
  async 'Bodies that come in'({ digest, double }) {
    const ofEmpty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    await serving(digest, async (url) => {
      assert.equal((await get(url, { as: 'text' })).body, ofEmpty)
      const { body } = await post(url, { body: 'a'.repeat(1e6), as: 'text' })
      assert.equal(body, 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
    })
    await serving(double, async (url) => {
      assert.deepEqual(JSON.parse((await post(url, { body: '{"n":21}', as: 'text' })).body), { n: 42 })
    })
  },
  async 'Bodies that go out'({ download, count }) {
    await serving(download, async (url) => {
      const { body, headers } = await get(url, { as: 'text' })
      assert.equal(body, 'once upon a time')
      assert.match(headers['content-type'], /^text\/plain/)
    })
    await serving(count, async (url) => {
      const { body, headers } = await get(url, { as: 'text' })
      assert.equal(body, '1\n2\n3\n')
      assert.equal(headers['transfer-encoding'], 'chunked')
    })
  },
  async 'When something fails'({ strict }, { printed }) {
    const { status, body } = await get(`http://localhost:${strict.port}`, { as: 'text' })
    assert.equal(status, 500)
    assert.equal(body, '{"status":500}')
    assert.ok(printed.some((line) => /: no luck$/.test(line)))
    assert.ok(printed.includes('httpkit.server.status.500'))
  },
  async Limits({ careful }) {
    const url = `http://localhost:${careful.port}/`
    assert.equal((await post(url, { body: 'a'.repeat(1_000_001) })).status, 413)
    assert.equal((await post(url, { body: 'a' })).status, 200)
  },
  'HTTPS and Unix sockets'({ body }) {
    assert.equal(body, 'hello')
  },
  'Counting and stopping'({ server }, { printed }) {
    assert.equal(server.status, 'stopped')
    assert.match(printed.at(-1), /served: \d+/)
  },
}

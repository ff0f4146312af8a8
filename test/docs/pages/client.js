// The servers that docs/client.md speaks to: they note what they are asked.
import assert from 'node:assert/strict'

const asked = []

const example = async (req) => {
  asked.push({ uri: req.uri, query: req.queryString, type: req.contentType, body: await req.body?.text() })
  if (req.uri === '/big') return { body: new Uint8Array(100_000) }
  if (req.uri === '/users/1') return { body: 'Ada' }
  return { headers: { 'Content-Type': 'text/plain' }, body: 'hello' }
}

const proxy = (req) => ({
  status: req.headers['proxy-authorization'] ? 200 : 407,
  headers: { 'Content-Type': 'text/plain' },
  body: `${req.serverName} by proxy`,
})

export const world = { 'example.com': example, 'internal.example': example, 'proxy:3128': proxy }
export const files = { 'talk.mp4': 'moving', 'lake.jpg': 'water' }
export const given = ({ ca }) => ({ ca })

export const checks = {
  Requests({ status, body, error, page, soon, name }) {
    assert.deepEqual([status, body, error], [200, 'hello', undefined])
    assert.equal(page.status, 200)
    assert.equal(soon.status, 200)
    assert.deepEqual(name, [1, 'Ada'])
  },
  'What is sent'() {
    const [search, form, json, upload, photos] = asked.slice(-5)
    assert.equal(search.query, 'q=a+b&tags=x&tags=y')
    assert.equal(form.body, 'name=Ada')
    assert.equal(json.body, '{"name":"Ada"}')
    assert.deepEqual([upload.body, upload.type], ['moving', 'video/mp4'])
    assert.match(photos.body, /name="title"\r\n\r\nLake\r\n.*filename="lake.jpg"\r\n.*water/s)
  },
  'What comes back'({ size }) {
    assert.equal(size, 100_000)
  },
  Connections({ answered, viaProxy }) {
    assert.equal(answered, 200)
    assert.equal(viaProxy.body, 'example.com by proxy')
  },
}

// What the README speaks of, and what its handlers have to answer.
import assert from 'node:assert/strict'
import { get, openWebSocket, post, runServer } from 'httpkit-wasm'

const example = async (req) => {
  await req.body?.bytes()
  return { headers: { 'Content-Type': 'text/plain' }, body: req.uri }
}

export const world = { 'example.com': example }
export const files = { 'talk.mp4': 'moving' }

async function serving(handler, ask) {
  const server = await runServer(handler, { port: 0 })
  await ask(`http://localhost:${server.port}`)
  await server.stop()
}

const text = { as: 'text' }

async function askAll(
  { chat, room, upload, download, count, status, body, error, page, rooms, hub },
  { url, until },
) {
  assert.equal((await get(`${url()}/there`, text)).body, 'get /there from 127.0.0.1\n')
  await serving(chat, async (url) => {
    const poll = get(url, text)
    const channel = await openWebSocket(url, {})
    await until(() => room.size === 2)
    channel.send('hello')
    assert.equal((await poll).body, 'hello')
  })
  await serving(upload, async (url) => {
    const { body } = await post(url, { body: 'moving', as: 'text' })
    assert.equal(body, '6e862940d0bf2eea9e01e33fa78cc34f393fd931f0d3f04697898b06f7a10315')
  })
  await serving(download, async (url) => {
    const { headers, body } = await get(url, text)
    assert.deepEqual([headers['content-type'], body], ['video/mp4', 'moving'])
  })
  await serving(count, async (url) =>
    assert.equal((await get(url, text)).body, '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n'),
  )
  assert.deepEqual([status, body, error, page.status], [200, '/', undefined, 200])
  await serving(rooms, async (url) => {
    const heard = []
    const onReceive = (_channel, message) => heard.push(message)
    const [one, other] = [await openWebSocket(`${url}/a`, { onReceive }), await openWebSocket(`${url}/a`, {})]
    await until(() => hub.count('/a') === 2)
    other.send('hi')
    await until(() => heard.length === 1)
    assert.deepEqual(heard, ['hi'])
    one.close()
  })
}

export const checks = { 'In five examples': askAll }

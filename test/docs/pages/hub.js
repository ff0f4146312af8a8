// What docs/hub.md says comes true: a chat, clients that come back, who is there; and Redis, where this machine has it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'

// Nobody else has it: it was free a moment ago.
const port = await new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => resolve(port))
  })
})
export const ports = { 6379: port }

const folder = mkdtempSync(join(tmpdir(), 'httpkit-hub-page-'))
const flags = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no']
const redis = spawn('redis-server', flags.map(String), { stdio: 'ignore' })
process.once('exit', () => {
  redis.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
const hasRedis = await new Promise((resolve) => {
  redis.once('error', () => resolve(false)).once('spawn', () => resolve(true))
})
while (hasRedis && !(await accepts())) await new Promise((resolve) => setTimeout(resolve, 10))

function accepts() {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false)).once('connect', () => resolve(true))
    socket.once('connect', () => socket.destroy())
  })
}

async function talker(url) {
  const socket = new WebSocket(url)
  const got = []
  socket.on('message', (data) => got.push(data.toString()))
  await new Promise((resolve) => socket.once('open', resolve))
  return { socket, got }
}

export const checks = {
  async 'The hub: topics, rooms, presence'({ hub }, { url, until }) {
    const [ada, bob] = [await talker(url(8090, 'ws')), await talker(url(8090, 'ws'))]
    await until(() => hub.count('lobby') === 2)
    ada.socket.send('hello')
    await until(() => bob.got.length === 1)
    assert.deepEqual([ada.got, bob.got], [[], ['hello']])
    ada.socket.close()
    bob.socket.close()
    await until(() => hub.count('lobby') === 0)
  },
  async 'Over HTTP'({ hub, follow }, { url, until }) {
    const events = await fetch(`${url(8091)}/events?after=`)
    const reader = events.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('data: hello\n')) text += (await reader.read()).value
    await reader.cancel()
    await until(() => hub.count('lobby') === 0)
    const got = []
    follow(`${url(8091)}/`, (message) => got.push(message)).catch(() => {})
    await until(() => hub.count('lobby') === 1)
    for (const word of ['a', 'b', 'c']) hub.publish('lobby', word)
    await until(() => got.length === 3)
    assert.deepEqual(got, ['a', 'b', 'c'])
  },
  async 'Who is there'({ lobby }, { url, until }) {
    const ada = await talker(`${url(8092, 'ws')}/?name=Ada`)
    await until(() => ada.got.includes('{"here":["Ada"],"count":1}'))
    ada.socket.close()
    await until(() => lobby.count('lobby') === 0)
  },
  async 'Many processes'({ everywhere }, { printed, until }) {
    if (!hasRedis) return
    await everywhere.ready()
    assert.deepEqual(printed, ['the hub is connected'])
    await until(() => everywhere.stats().processes === 1)
  },
  'When Redis is away'({ everywhere, published, lost }) {
    assert.deepEqual([published, lost], [0, 0])
    if (hasRedis) assert.equal(everywhere.status, 'closed')
  },
}

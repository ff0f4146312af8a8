// Connections in workerd: pooled, limited, timed, streamed over both ways, by proxies and with TLS.
import { createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOpenssl, makeCertificate } from '../../support/certificate.js'
import { startForwardProxy } from '../../support/forward-proxy.js'
import { listen, record } from '../../support/recording-server.js'
import { answer, answering, ok, scriptedServer } from '../../support/scripted-server.js'
import { deferred, stableFor, until } from '../../support/waiting.js'
import { startWorkerd, type Workerd } from './workerd.js'

const trusted = hasOpenssl ? makeCertificate() : undefined
const MEBIBYTE = 1024 * 1024
/** What is told of TLS that begins late and fails: older workerds do not say why the connection ends. */
const REFUSED = /^ERR_(TLS|CONNECTION_CLOSED)$/

let workerd: Workerd

beforeAll(async () => {
  workerd = await startWorkerd({ authority: trusted?.cert })
})

afterAll(() => workerd.stop())

describe('a connection', () => {
  it('serves one request after another', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('hello')),
    )
    const options = { url: server.url(), as: 'text' }
    const answers = await workerd.ask('inTurn', Array(20).fill(options))
    expect(answers.map(({ body }: { body: string }) => body)).toEqual(Array(20).fill('hello'))
    expect(server.accepted).toBe(1)
  })

  it('is one of many where they are sent at once, and of no more than maxConnections', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('hello')),
    )
    const options = { url: server.url(), as: 'text' }
    await workerd.ask('atOnce', Array(10).fill(options))
    expect(server.accepted).toBe(10)
    await workerd.ask('atOnce', Array(30).fill({ ...options, client: { $client: 'shared' } }))
    expect(server.accepted).toBe(12)
  })

  it('is closed where keepalive or the server says so', async () => {
    const server = await scriptedServer(
      {},
      answering(({ target }) => ok('x', target === '/close' ? ['Connection: close'] : [])),
    )
    await workerd.ask('inTurn', [
      { url: server.url(), keepalive: -1 },
      { url: server.url('/close') },
      { url: server.url() },
    ])
    expect(server.accepted).toBe(3)
    expect(server.requests[0]!.header('connection')).toBe('close')
  })

  it('is closed when it has idled for keepalive', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('x')),
    )
    const [{ connections }] = await workerd.ask('apart', [
      { options: { url: server.url(), keepalive: 5 }, closes: true },
    ])
    expect(connections).toBe(0)
  })

  it('that the server has closed is not used, and a request that met its end is sent again', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send(ok(`on ${connection.index}`))
      if (connection.index > 0) return
      await connection.request()
      connection.destroy()
    })
    const options = { url: server.url(), as: 'text' }
    const answers = await workerd.ask('inTurn', [options, options])
    expect(answers.map(({ body }: { body: string }) => body)).toEqual(['on 0', 'on 1'])
    expect(server.requests.length).toBe(3)
  })

  it('is given up with the answer that came before the body was sent', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.head()
      connection.send(answer('413 Too Large', 'no'))
      connection.finish()
    })
    const upload = { url: server.url(), pieces: 100, size: MEBIBYTE, ms: 0 }
    expect(await workerd.ask('upload', upload)).toMatchObject({ status: 413, body: 'no' })
  })

  it('is counted', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('x')),
    )
    const before = Array(3).fill({ url: server.url(), as: 'text' })
    expect(await workerd.ask('stats', { before, options: { maxConnections: 2 } })).toMatchObject({
      open: { connections: 2, idle: 2, active: 0, queued: 0, requests: 3 },
      closed: { connections: 0, idle: 0 },
      after: { error: { code: 'ERR_CLIENT_CLOSED' } },
      answers: 3,
    })
  })

  it('leads where addressFinder says', async () => {
    const server = await record(() => 'found')
    const client = { $client: { addressFinder: { $finder: { host: '127.0.0.1', port: server.port } } } }
    const options = { url: 'http://nowhere.test/', as: 'text', client }
    expect(await workerd.ask('request', options)).toMatchObject({ body: 'found' })
    expect(server.last.header('host')).toBe('nowhere.test')
  })

  it('leads to an IPv6 address', async ({ skip }) => {
    const server = await record(() => 'six', { host: '::1' }).catch(() => undefined)
    if (server === undefined) return skip('this machine has no IPv6')
    expect(await workerd.ask('request', { url: server.url, as: 'text' })).toMatchObject({ body: 'six' })
  })
})

describe('a request that is not answered in time', () => {
  it('is ERR_TIMEOUT_IDLE where nothing comes', async () => {
    const server = await scriptedServer(
      {},
      answering(() => undefined),
    )
    expect(await workerd.ask('request', { url: server.url(), idleTimeout: 50 })).toMatchObject({
      error: { code: 'ERR_TIMEOUT_IDLE', message: 'idleTimeout: 50 ms' },
    })
    await until(() => server.open === 0)
  })

  it('is ERR_DEADLINE where it dribbles', async () => {
    const server = await scriptedServer({}, async (connection) => {
      await connection.request()
      connection.send('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
      const timer = setInterval(() => connection.send('x'), 5)
      await connection.closed()
      clearInterval(timer)
    })
    const options = { url: server.url(), as: 'text', idleTimeout: 1000, deadline: 80 }
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_DEADLINE' } })
  })

  it('is ERR_TIMEOUT_CONNECT where TLS takes too long, or the queue', async () => {
    const url = (await listen(() => {})).replace('http:', 'https:')
    const options = { url, connectTimeout: 60 }
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_TIMEOUT_CONNECT' } })
    const server = await scriptedServer(
      {},
      answering(() => undefined),
    )
    const waiting = { url: server.url(), connectTimeout: 60, idleTimeout: 200, client: { $client: 'shared' } }
    const answers = await workerd.ask('atOnce', Array(3).fill(waiting))
    expect(answers.map(({ error }: { error: { code: string } }) => error.code)).toEqual([
      'ERR_TIMEOUT_IDLE',
      'ERR_TIMEOUT_IDLE',
      'ERR_TIMEOUT_CONNECT',
    ])
  })

  it('is ERR_QUEUE_FULL where too many wait', async () => {
    const server = await scriptedServer(
      {},
      answering(() => ok('x')),
    )
    const before = Array(3).fill({ url: server.url() })
    const { open } = await workerd.ask('stats', { before, options: { maxConnections: 1, maxQueue: 1 } })
    expect(open).toMatchObject({ requests: 3 })
    expect(server.requests.length).toBe(2)
  })

  it('is ERR_ABORTED by its signal: before, while and after the head comes', async () => {
    const server = await scriptedServer({}, async (connection) => {
      const { target } = await connection.request()
      if (target === '/head') connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
      await connection.closed()
    })
    const aborted = { error: { code: 'ERR_ABORTED', message: 'aborted' } }
    expect(await workerd.ask('request', { url: server.url(), signal: { $aborted: 'x' } })).toMatchObject(
      aborted,
    )
    expect(server.accepted).toBe(0)
    for (const path of ['/', '/head'])
      expect(await workerd.ask('abort', { url: server.url(path), ms: 50 })).toMatchObject(aborted)
    expect(await workerd.ask('request', { url: server.url(), signal: { $abortedAfter: 50 } })).toMatchObject(
      aborted,
    )
    await until(() => server.open === 0)
  })
})

describe('50 MiB', () => {
  const LENGTH = 50 * MEBIBYTE
  const piece = Buffer.from(Array.from({ length: MEBIBYTE }, (_, index) => (index * 7919) % 251))

  it('come down as fast as they are read, and no faster', async () => {
    const open = deferred()
    const gate = await scriptedServer(
      {},
      answering(() => open.promise.then(() => ok())),
    )
    let sent = 0
    const url = await listen((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`)
      const more = (): void => {
        if (sent === LENGTH) return
        sent += piece.length
        socket.write(piece, more)
      }
      more()
    })
    const read = workerd.ask('slowly', { url, first: 100_000, gate: gate.url() })
    await until(() => gate.requests.length === 1)
    expect(await stableFor(300, () => sent)).toBeLessThan(24 * MEBIBYTE)
    open.resolve()
    const { length } = await read
    expect(length).toBe(LENGTH)
    expect(sent).toBe(LENGTH)
  })

  it('come down chunked to the last byte', async () => {
    const url = await listen((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      for (let at = 0; at < LENGTH; at += piece.length) {
        socket.write(`${piece.length.toString(16)}\r\n`)
        socket.write(piece)
        socket.write('\r\n')
      }
      socket.write('0\r\n\r\n')
    })
    expect((await workerd.ask('slowly', { url })).length).toBe(LENGTH)
  })

  it.each([
    ['chunked', undefined],
    ['counted', LENGTH],
  ])('go up as fast as they are taken, and no faster: %s', async (framing, length) => {
    const go = deferred()
    const gate = await scriptedServer(
      {},
      answering(() => {
        go.resolve()
        return ok()
      }),
    )
    const server = await scriptedServer({}, async (connection) => {
      connection.pause()
      await go.promise
      connection.resume()
      const { body } = await connection.request()
      connection.send(ok(String(body.length)))
    })
    const upload = { url: server.url(), pieces: 50, size: MEBIBYTE, ms: 500, length, gate: gate.url() }
    const { early, asked, body } = await workerd.ask('upload', upload)
    expect(early).toBeLessThan(30)
    expect([asked, body]).toEqual([50, String(LENGTH)])
    expect(server.requests[0]!.framing).toBe(framing === 'counted' ? 'length' : 'chunked')
  })

  it('pass through a worker as its own answer', async () => {
    const url = await listen((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`)
      for (let at = 0; at < LENGTH; at += piece.length) socket.write(piece)
    })
    const { status, body } = await workerd.fetch('passOn', { url })
    let length = 0
    for await (const bytes of body!) length += bytes.length
    expect([status, length]).toEqual([200, LENGTH])
  })

  it('are no longer sent when their reader has stopped', async () => {
    let socket: Socket | undefined
    const url = await listen((one) => {
      socket = one
      one.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LENGTH}\r\n\r\n`)
      for (let at = 0; at < LENGTH; at += piece.length) one.write(piece)
    })
    expect(await workerd.ask('stopReading', { url, first: 100_000 })).toBeGreaterThanOrEqual(100_000)
    await until(() => socket!.destroyed)
  })
})

describe('an HTTP proxy', () => {
  it('is asked for the resource, with its credentials', async () => {
    const server = await record(() => 'behind')
    const proxy = await startForwardProxy({ credentials: 'ann:secret' })
    const proxyUrl = proxy.url.replace('//', '//ann:secret@')
    const options = { url: `${server.url}/a`, as: 'text', proxyUrl }
    expect(await workerd.ask('request', options)).toMatchObject({ body: 'behind' })
    expect(proxy.asked[0]).toMatchObject({ method: 'GET', target: `${server.url}/a` })
    expect(await workerd.ask('request', { ...options, proxyUrl: proxy.url })).toMatchObject({ status: 407 })
  })

  it('is asked for a tunnel', async () => {
    const server = await record(() => 'behind')
    const proxy = await startForwardProxy()
    const options = { url: server.url, as: 'text', proxyUrl: proxy.url, tunnel: true }
    const answers = await workerd.ask('inTurn', [options, options])
    expect(answers).toMatchObject([{ body: 'behind' }, { body: 'behind' }])
    expect(proxy.asked.map(({ method, target }) => `${method} ${target}`)).toEqual([
      `CONNECT ${new URL(server.url).host}`,
    ])
  })

  it('that refuses is ERR_PROXY, with its status', async () => {
    const proxy = await startForwardProxy({ onConnect: (socket) => socket.end('HTTP/1.1 403 No\r\n\r\n') })
    const options = { url: 'http://127.0.0.1:1/', proxyUrl: proxy.url, tunnel: true }
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_PROXY', status: 403 } })
  })

  it('that hangs up is ERR_PROXY', async () => {
    const proxyUrl = await listen((socket) => socket.once('data', () => socket.destroy()))
    const options = { url: 'http://127.0.0.1:1/', proxyUrl, tunnel: true }
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_PROXY' } })
  })
})

describe.skipIf(trusted === undefined)('TLS', () => {
  const tls = (): object => ({ key: trusted!.key, cert: trusted!.cert })

  it('is spoken with a server whose certificate workerd trusts, and whose name is right', async () => {
    const server = await scriptedServer(
      { tls: tls() },
      answering(() => ok('secret')),
    )
    const options = { url: server.url(), as: 'text' }
    const answers = await workerd.ask('inTurn', [options, options])
    expect(answers).toMatchObject([{ body: 'secret' }, { body: 'secret' }])
    expect(server.accepted).toBe(1)
  })

  it('is ERR_TLS with one that it does not trust, or whose name is another', async () => {
    const stranger = makeCertificate()
    const server = await scriptedServer(
      { tls: { ...stranger } },
      answering(() => ok('secret')),
    )
    expect(await workerd.ask('request', { url: server.url() })).toMatchObject({ error: { code: 'ERR_TLS' } })
    const other = await scriptedServer(
      { tls: tls() },
      answering(() => ok('secret')),
    )
    const url = other.url().replace('localhost', '127.0.0.2')
    expect(await workerd.ask('request', { url })).toMatchObject({
      error: { code: expect.stringMatching(/^ERR_(TLS|CONNECT)$/) },
    })
    expect([server.requests, other.requests]).toEqual([[], []])
  })

  it('is ERR_TLS with one that speaks none, and ERR_CONNECT with none', async () => {
    const url = await listen((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 No\r\n\r\n')))
    expect(await workerd.ask('request', { url: url.replace('http:', 'https:') })).toMatchObject({
      error: { code: 'ERR_TLS' },
    })
    const gone = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as { port: number }
        server.close(() => resolve(port))
      })
    })
    const options = { url: `https://127.0.0.1:${gone}/` }
    expect(await workerd.ask('request', options)).toMatchObject({ error: { code: 'ERR_CONNECT' } })
  })

  it('is with the name that the URL has where addressFinder leads elsewhere', async () => {
    const server = await scriptedServer(
      { tls: tls() },
      answering(() => ok('secret')),
    )
    const client = { $client: { addressFinder: { $finder: { host: '127.0.0.1', port: server.port } } } }
    const options = { url: 'https://localhost/', as: 'text', client }
    expect(await workerd.ask('request', options)).toMatchObject({ body: 'secret' })
    expect(await workerd.ask('request', { ...options, url: 'https://other.test/' })).toMatchObject({
      error: { code: expect.stringMatching(REFUSED) },
    })
    expect(server.requests.length).toBe(1)
  })

  it('begins in a tunnel, with the server behind it', async () => {
    const server = await scriptedServer(
      { tls: tls() },
      answering(() => ok('secret')),
    )
    const proxy = await startForwardProxy()
    const options = { url: server.url(), as: 'text', proxyUrl: proxy.url }
    const answers = await workerd.ask('inTurn', [options, options])
    expect(answers).toMatchObject([{ body: 'secret' }, { body: 'secret' }])
    expect(proxy.asked.map(({ method }) => method)).toEqual(['CONNECT'])
    const stranger = await scriptedServer(
      { tls: { ...makeCertificate() } },
      answering(() => ok('secret')),
    )
    expect(await workerd.ask('request', { ...options, url: stranger.url() })).toMatchObject({
      error: { code: expect.stringMatching(REFUSED) },
    })
    expect(stranger.requests).toEqual([])
  })

  it('is spoken with a proxy, but not within that again', async () => {
    const server = await record(() => 'behind')
    const proxy = await startForwardProxy({ tls: tls() })
    const options = { url: server.url, as: 'text', proxyUrl: proxy.url }
    expect(await workerd.ask('request', options)).toMatchObject({ body: 'behind' })
    expect(await workerd.ask('request', { ...options, url: 'https://localhost/' })).toMatchObject({
      error: { code: 'ERR_CONNECT', message: expect.stringContaining('no TLS within TLS') },
    })
  })
})

// The client against this project's server: both ends are ours, and between them lies nothing but a socket.

import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { file as clientFile, type OutgoingBody, type RequestOptions } from '../../src/client.js'
import { wrapParams } from '../../src/middleware.js'
import {
  asChannel,
  type Channel,
  type Handler,
  type ResponseBody,
  file as serverFile,
} from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { failureOf, jsonOf, readAll, sha256 } from '../support/client-results.js'
import { temporaryFolder } from '../support/programs.js'
import { eventually, serve } from '../support/raw-peer.js'
import { testClient } from '../support/test-client.js'
import { type Told, tell, toldOf } from '../support/upload-service.js'
import { deferred, until } from '../support/waiting.js'

const content = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * 7919) >> 4))

function* pieces() {
  for (let at = 0; at < content.length; at += 70_001) yield content.subarray(at, at + 70_001)
}

async function* latePieces() {
  for (const piece of pieces()) {
    await new Promise(setImmediate)
    yield piece
  }
}

function contentFile(): string {
  const path = join(temporaryFolder(), 'content.bin')
  writeFileSync(path, content)
  return path
}

/** Bodies that both ends know how to send. */
const bodies: [string, () => OutgoingBody & ResponseBody][] = [
  ['bytes', () => content],
  ['a Blob', () => new Blob([content])],
  ['an array of pieces', () => [...pieces()]],
  ['a generator', () => pieces()],
  ['an asynchronous generator', () => latePieces()],
  ['a ReadableStream', () => new Blob([content]).stream()],
  ['a Readable', () => Readable.from(pieces())],
  ['a stream of a file', () => createReadStream(contentFile())],
]

const hash: Handler = async (req) => ({ body: sha256(await req.body!.bytes()) })

describe('a body', () => {
  it.each([...bodies, ['a file', () => clientFile(contentFile())] as const])(
    'from %s arrives at the server',
    async (_what, body) => {
      const server = await serve(hash)
      const client = testClient()
      const url = `http://127.0.0.1:${server.port}/`
      for (const method of ['post', 'put', 'patch'] as const) {
        expect(await client[method](url, { body: body(), as: 'text' })).toMatchObject({
          status: 200,
          body: sha256(content),
        })
      }
      expect(server.stats()).toMatchObject({ connections: 1, served: 3 })
    },
  )

  it.each([...bodies, ['a file', () => serverFile(contentFile())] as const])(
    'from %s arrives at the client, as whatever it is wanted',
    async (_what, body) => {
      const server = await serve(() => ({ headers: { 'Content-Type': 'application/x' }, body: body() }))
      const client = testClient()
      const url = `http://127.0.0.1:${server.port}/`
      for (const as of ['byteArray', 'rawByteArray', 'none'] as const) {
        const { body } = await client.get(url, { as }).unwrap()
        expect(body).toBeInstanceOf(Uint8Array)
        expect(content.equals(body as Uint8Array)).toBe(true)
      }
      for (const as of ['auto', 'stream'] as const) {
        const { body } = await client.get(url, { as }).unwrap()
        expect(content.equals(await readAll(body))).toBe(true)
      }
      const { body: text } = await client.get(url, { as: 'text' }).unwrap()
      expect(text).toBe(new TextDecoder().decode(content))
      expect(server.stats()).toMatchObject({ connections: 1, served: 6 })
    },
  )

  it.each([0, 1, 65_535, 65_536, 65_537, 8 * 1024 * 1024])('of %i bytes is echoed', async (size) => {
    const server = await serve(async (req) => ({ body: (await req.body?.bytes()) ?? '' }))
    const client = testClient()
    const sent = Buffer.alloc(size, 'some bytes, ')
    for (const body of [sent, Readable.from([sent])]) {
      const answer = await client.post(`http://127.0.0.1:${server.port}/`, { body, as: 'byteArray' }).unwrap()
      expect(answer.status).toBe(200)
      expect(sent.equals(answer.body as Uint8Array)).toBe(true)
    }
    expect(server.stats()).toMatchObject({ connections: 1, served: 2 })
  })

  it('is streamed through both, one waiting for the other', async () => {
    const server = await serve((req) => ({ body: req.body!.stream() }))
    const echoed = deferred<string>()
    async function* sending() {
      yield 'first'
      // What has come back, before this goes on.
      yield await echoed.promise
    }
    const options = { body: sending(), as: 'stream' } as const
    const { body } = await testClient().post(`http://127.0.0.1:${server.port}/`, options).unwrap()
    const reader = (body as ReadableStream<Uint8Array>).getReader()
    echoed.resolve(`${Buffer.from((await reader.read()).value!)} and second`)
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('first and second')
    expect((await reader.read()).done).toBe(true)
  })

  it('past maxBody is refused with 413, at once, though the client has 100 MB to send', async () => {
    const server = await serve(hash, { maxBody: 100_000 })
    const client = testClient()
    const url = `http://127.0.0.1:${server.port}/`
    const large = Buffer.alloc(100_000_000)
    function* largePieces() {
      for (let at = 0; at < large.length; at += 1_000_000) yield large.subarray(at, at + 1_000_000)
    }
    const kinds = [() => large, largePieces, () => Readable.from(largePieces()), () => new Blob([large])]
    for (const body of kinds) {
      const answer = await client.post(url, { body: body() })
      expect(answer.error).toBeUndefined()
      expect(answer.status).toBe(413)
    }
    expect(server.stats().bytesIn).toBeLessThan(100_000_000)
    expect(await client.post(url, { body: 'small', as: 'text' })).toMatchObject({
      status: 200,
      body: sha256(Buffer.from('small')),
    })
    await eventually(() => server.stats().connections).toBe(1)
  })
})

describe('forms and parameters', () => {
  const show = wrapParams((req) => {
    const { queryParams, formParams, params } = req
    return { body: JSON.stringify({ queryParams, formParams, params }) }
  })

  it('come to the server as they were given', async () => {
    const server = await serve(show)
    const queryParams = { 'a b': 'ö&=+', list: ['1', '2'] }
    const formParams = { text: 'größer & kleiner\r\n', none: '' }
    const options = { queryParams, formParams, as: 'text' } as const
    const answer = await jsonOf<object>(testClient().post(`http://127.0.0.1:${server.port}/?c=d`, options))
    expect(answer).toEqual({
      queryParams: { c: 'd', ...queryParams },
      formParams,
      params: { c: 'd', ...queryParams, ...formParams },
    })
  })

  it('of many parts come with their files', async () => {
    const server = await serve(tell())
    const path = contentFile()
    const multipart = [
      { name: 'note', content: 'größer' },
      { name: 'bytes', content: content.subarray(0, 1000), filename: 'a "b".bin', contentType: 'a/b' },
      { name: 'blob', content: new Blob(['blob'], { type: 'text/x' }), filename: 'b.txt' },
      { name: 'stream', content: Readable.from(pieces()), filename: 'c.bin', contentType: 'c/d' },
      { name: 'file', content: clientFile(path), filename: 'd.bin', contentType: 'e/f' },
    ]
    const options = { multipart, formParams: { first: 'of all' }, as: 'text' } as RequestOptions
    const told = await jsonOf<Told>(testClient().post(`http://127.0.0.1:${server.port}/`, options))
    expect(told).toEqual({
      first: 'of all',
      note: 'größer',
      bytes: toldOf('a "b".bin', 'a/b', content.subarray(0, 1000)),
      blob: toldOf('b.txt', 'text/x', 'blob'),
      stream: toldOf('c.bin', 'c/d', content),
      file: toldOf('d.bin', 'e/f', content),
    })
  })
})

describe('a channel', () => {
  it('answers minutes later to those who poll for long', async () => {
    const waiting: Channel[] = []
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void waiting.push(channel) }))
    const client = testClient({ maxConnections: 20 })
    const url = `http://127.0.0.1:${server.port}/`
    for (let round = 0; round < 5; round++) {
      const polls = Array.from({ length: 20 }, () => client.get(url, { as: 'text' }))
      await until(() => waiting.length === 20)
      expect(polls.map(({ realized }) => realized)).toEqual(polls.map(() => false))
      for (const [index, channel] of waiting.splice(0).entries()) {
        channel.send({ status: 200 + (index % 2), headers: { 'X-Round': `${round}` }, body: 'news' })
      }
      for (const { status, headers, body } of await Promise.all(polls)) {
        expect([200, 201]).toContain(status)
        expect([headers!['x-round'], body]).toEqual([`${round}`, 'news'])
      }
    }
    expect(server.stats()).toMatchObject({ connections: 20, served: 100 })
  })

  it('streams what it sends, and its end', async () => {
    const channels: Channel[] = []
    const server = await serve((req) => asChannel(req, { onOpen: (channel) => void channels.push(channel) }))
    const asked = testClient().get(`http://127.0.0.1:${server.port}/`, { as: 'stream' })
    await until(() => channels.length === 1)
    const [channel] = channels
    channel!.send('0', false)
    const reader = ((await asked).body as ReadableStream<Uint8Array>).getReader()
    for (let index = 0; index < 50; index++) {
      expect(Buffer.from((await reader.read()).value!).toString()).toBe(`${index}`)
      channel!.send(`${index + 1}`, false)
    }
    await reader.read()
    channel!.close()
    expect((await reader.read()).done).toBe(true)
  })

  it('is told when the client has had enough', async () => {
    const opened = deferred<Channel>()
    const closed = deferred<string>()
    const server = await serve((req) =>
      asChannel(req, {
        onOpen: (channel) => opened.resolve(channel),
        onClose: (_channel, status) => closed.resolve(status),
      }),
    )
    const aborting = new AbortController()
    const options = { as: 'stream', signal: aborting.signal } as const
    const asked = testClient().get(`http://127.0.0.1:${server.port}/`, options)
    ;(await opened.promise).send('begun', false)
    const reader = ((await asked).body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    aborting.abort()
    await expect(reader.read()).rejects.toMatchObject({ code: 'ERR_ABORTED' })
    expect(await closed.promise).toBe('client-close')
  })
})

describe('a server that stops', () => {
  it('answers what it has begun with: a request is either answered or refused', async () => {
    const server = await serve(async (req) => {
      await sleep(Number(req.uri.slice(1)) % 5)
      return { body: req.uri }
    })
    const client = testClient({ maxConnections: 20 })
    const url = `http://127.0.0.1:${server.port}`
    let answered = 0
    let stopping: Promise<void> | undefined
    const codes = new Set<string>()
    await Promise.all(
      Array.from({ length: 20 }, async (_, lane) => {
        for (let index = lane; ; index += 20) {
          const { error, status, body } = await client.get(`${url}/${index}`, { as: 'text' })
          if (error) return void codes.add(error.code)
          expect([status, body]).toEqual([200, `/${index}`])
          if (++answered === 500) stopping = server.stop({ timeout: 10_000 })
        }
      }),
    )
    await stopping
    expect(answered).toBeGreaterThanOrEqual(500)
    // Whoever came too late was not let in.
    expect([...codes]).toEqual(['ERR_CONNECT'])
    expect(server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
    await until(() => client.stats().connections === 0)
  })

  it('at once cuts what is under way', async () => {
    const begun = deferred()
    const server = await serve(() => {
      begun.resolve()
      return new Promise(() => {})
    })
    const asked = testClient().get(`http://127.0.0.1:${server.port}/`)
    await begun.promise
    await server.stop()
    expect((await failureOf(asked)).code).toBe('ERR_CONNECTION_CLOSED')
  })

  it('and comes back is found again', async () => {
    const handler: Handler = (req) => ({ body: req.uri })
    const first = await serve(handler)
    const client = testClient()
    const url = `http://127.0.0.1:${first.port}`
    for (const path of ['/1', '/2']) expect((await client.get(url + path, { as: 'text' })).body).toBe(path)
    await first.stop()
    expect((await failureOf(client.get(url))).code).toBe('ERR_CONNECT')
    const second = await serve(handler, { port: first.port })
    expect((await client.post(`${url}/3`, { as: 'text' })).body).toBe('/3')
    expect(second.stats()).toMatchObject({ served: 1 })
  })
})

describe('over a Unix socket', () => {
  const handler: Handler = async (req) => {
    if (req.uri === '/moved') return { status: 302, headers: { Location: '/there' } }
    return { body: `${req.headers.host} ${req.uri} ${(await req.body?.text()) ?? ''}` }
  }

  it('requests are sent, on connections that are kept, to whatever host the URL names', async () => {
    const path = join(temporaryFolder(), 'server.sock')
    const server = await serve(handler, { path })
    const client = testClient()
    const ask = (url: string, options: RequestOptions = {}) =>
      client.post(url, { unixSocket: path, as: 'text', ...options }).unwrap()
    expect((await ask('http://a.test/b', { body: 'c' })).body).toBe('a.test /b c')
    expect((await ask('http://a.test/b', { body: Readable.from(['c', 'd']) })).body).toBe('a.test /b cd')
    expect((await ask('http://a.test/moved')).body).toBe('a.test /there ')
    expect(server.stats()).toMatchObject({ connections: 1, served: 4 })
    expect((await ask('http://elsewhere.test:81/')).body).toBe('elsewhere.test:81 / ')
  })

  it('that is not there is ERR_CONNECT', async () => {
    const unixSocket = join(temporaryFolder(), 'none.sock')
    const error = await failureOf(testClient().get('http://a.test/', { unixSocket }))
    expect(error).toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ENOENT' } })
  })

  it('many go at once', async () => {
    const path = join(temporaryFolder(), 'server.sock')
    const server = await serve(handler, { path })
    const client = testClient({ maxConnections: 8 })
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        client.get(`http://a.test/${index}`, { unixSocket: path, as: 'text' }).unwrap(),
      ),
    )
    expect(answers.map(({ body }) => body)).toEqual(answers.map((_, index) => `a.test /${index} `))
    expect(server.stats().connections).toBeLessThanOrEqual(8)
  })
})

const tlsTitle = `with TLS${hasOpenssl ? '' : ' (skipped: openssl is not installed)'}`

describe.skipIf(!hasOpenssl)(tlsTitle, () => {
  it('large bodies go both ways, whole', async () => {
    const tls = makeCertificate()
    const server = await serve((req) => ({ body: req.body!.stream() }), { tls, maxBody: 100_000_000 })
    const client = testClient({ tls: { ca: tls.cert } })
    const large = Buffer.alloc(20_000_000, content)
    for (const body of [large, Readable.from([large.subarray(0, 9_999_999), large.subarray(9_999_999)])]) {
      const options = { body, as: 'stream' } as const
      const answer = await client.post(`https://localhost:${server.port}/`, options).unwrap()
      expect(sha256(await readAll(answer.body))).toBe(sha256(large))
    }
    expect(server.stats()).toMatchObject({ connections: 1, served: 2 })
  })
})

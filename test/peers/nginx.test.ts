// nginx before the server, as people run it: a reverse proxy that keeps its connections to us alive.

import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { asChannel, type Handler, type HttpServer, type RingRequest, runServer } from '../../src/server.js'
import { acceptedConnections } from '../support/accepted.js'
import { freePort, hasStreamModule, nginx, startNginx } from '../support/nginx.js'
import type { Program } from '../support/programs.js'
import { until } from '../support/waiting.js'

const megabyte = 1024 * 1024
const missing = nginx === undefined

/** Every request the server has seen, and its handler for the test at hand. */
let seen: RingRequest[] = []
let handler: Handler = () => ({})
let folder = ''
let server: HttpServer
let unixServer: HttpServer
let proxiedServer: HttpServer
let program: Program | undefined
let streamPort = 0

// Locations: /buffered/ and /streamed/ differ in how nginx takes a request body, /unix/ goes to the same handler over
// a Unix socket, and every one keeps its upstream connections.
const http = (port: number): string => `
upstream tcp { server 127.0.0.1:${port}; keepalive 4; }
upstream unix { server unix:${folder}/server.sock; keepalive 4; }
server {
  listen unix:${folder}/nginx.sock;
  client_max_body_size 100m;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  location /buffered/ { proxy_pass http://tcp/; }
  location /streamed/ { proxy_pass http://tcp/; proxy_request_buffering off; proxy_buffering off; }
  location /unix/ { proxy_pass http://unix/; }
  location /old/ { proxy_pass http://tcp/; proxy_http_version 1.0; }
}`

const stream = (port: number): string => `
server { listen 127.0.0.1:${streamPort}; proxy_pass 127.0.0.1:${port}; proxy_protocol on; }`

beforeAll(async () => {
  if (missing) return
  folder = mkdtempSync(join(tmpdir(), 'httpkit-nginx-'))
  const handle: Handler = (req) => {
    seen.push(req)
    return handler(req)
  }
  const options = { ip: '127.0.0.1', port: 0, maxBody: 100 * megabyte }
  server = await runServer(handle, options)
  unixServer = await runServer(handle, { ...options, path: join(folder, 'server.sock') })
  proxiedServer = await runServer(handle, { ...options, proxyProtocol: 'enable' })
  if (hasStreamModule) streamPort = await freePort()
  const blocks = { http: http(server.port), ...(hasStreamModule && { stream: stream(proxiedServer.port) }) }
  program = await startNginx(folder, blocks, join(folder, 'nginx.sock'))
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.exit
  await Promise.all([server, unixServer, proxiedServer].map((one) => one?.stop()))
  if (folder) rmSync(folder, { recursive: true, force: true })
})

function serving(wanted: Handler): void {
  seen = []
  handler = wanted
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: Buffer
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** Sends a request through nginx; `send` writes its body and ends it. */
function ask(
  path: string,
  method = 'GET',
  send = (sent: ClientRequest): unknown => sent.end(),
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      socketPath: join(folder, 'nginx.sock'),
      path,
      method,
      agent,
      headers: { Host: 'example.org:81' },
    }
    const sent = request(options, (message) => collect(message).then(resolve, reject))
    sent.on('error', reject)
    send(sent)
  })
}

async function collect(message: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = []
  for await (const piece of message) pieces.push(piece as Buffer)
  return { status: message.statusCode!, headers: message.headers, body: Buffer.concat(pieces) }
}

const title = `nginx as a reverse proxy${missing ? ' (skipped: nginx is not installed)' : ''}`

describe.skipIf(missing)(title, () => {
  it.each(['buffered', 'streamed', 'unix'])(
    'passes requests on over few connections that it keeps (%s)',
    async (place) => {
      serving((req) => ({ headers: { 'X-Uri': req.uri }, body: `hello ${req.queryString}` }))
      const accepted = acceptedConnections()
      for (let index = 0; index < 500; index++) {
        const { status, headers, body } = await ask(`/${place}/path?${index}`)
        expect([status, headers['x-uri'], body.toString()]).toEqual([200, '/path', `hello ${index}`])
      }
      expect(seen).toHaveLength(500)
      for (const { headers, protocol } of seen) {
        expect(protocol).toBe('HTTP/1.1')
        expect(headers.host).toBe('example.org:81')
        expect(headers['x-forwarded-for']).toBe('unix:')
      }
      expect(accepted.count).toBeLessThanOrEqual(4)
    },
  )

  it('keeps connections through answers of every kind, which come to the client as they were', async () => {
    serving((req) => {
      if (req.uri === '/pieces') return { body: ['a', 'b', 'c'] }
      if (req.uri === '/throw') throw new Error('thrown')
      if (req.uri === '/channel')
        return asChannel(req, { onOpen: (ch) => void setTimeout(() => ch.send('later'), 5) })
      return { status: Number(req.uri.slice(1)), headers: { ETag: '"1"', 'Set-Cookie': ['a=1', 'b=2'] } }
    })
    const print = console.error
    console.error = () => {}
    onTestFinished(() => {
      console.error = print
    })
    const expected: [string, number, string][] = [
      ['/200', 200, ''],
      ['/pieces', 200, 'abc'],
      ['/204', 204, ''],
      ['/throw', 500, ''],
      ['/304', 304, ''],
      ['/channel', 200, 'later'],
      ['/404', 404, ''],
      ['/201', 201, ''],
    ]
    const accepted = acceptedConnections()
    for (let round = 0; round < 5; round++) {
      for (const [path, status, text] of expected) {
        const answer = await ask(`/buffered${path}`)
        expect([path, answer.status, answer.body.toString()]).toEqual([path, status, text])
        if (path === '/201') expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
      }
    }
    expect(accepted.count).toBeLessThanOrEqual(4)
  })

  it('asks for heads, and goes on with the connection', async () => {
    serving(() => ({ body: 'a body' }))
    const accepted = acceptedConnections()
    for (let round = 0; round < 10; round++) {
      const { status, headers, body } = await ask('/buffered/', 'HEAD')
      expect([status, headers['content-length'], body.length]).toEqual([200, '6', 0])
      expect((await ask('/buffered/')).body.toString()).toBe('a body')
    }
    expect(accepted.count).toBeLessThanOrEqual(4)
  })

  it('posts', async () => {
    serving(async (req) => ({ body: `${req.contentLength} ${await req.body!.text()}` }))
    for (const place of ['buffered', 'streamed', 'unix']) {
      const { body } = await ask(`/${place}/`, 'POST', (sent) => sent.end('a body'))
      expect(body.toString(), place).toMatch(/^(6|undefined) a body$/)
    }
  })

  it.each(['buffered', 'streamed', 'unix'])('passes an upload of 20 MB on, whole (%s)', async (place) => {
    serving(async (req) => ({ body: sha256(await req.body!.bytes()) }))
    const content = Buffer.alloc(20_000_000, 'some bytes, ')
    for (let round = 0; round < 3; round++) {
      const sized = await ask(`/${place}/`, 'PUT', (sent) =>
        sent.setHeader('Content-Length', content.length).end(content),
      )
      expect([sized.status, sized.body.toString()]).toEqual([200, sha256(content)])
      const chunked = await ask(`/${place}/`, 'PUT', (sent) => {
        for (let at = 0; at < content.length; at += megabyte) sent.write(content.subarray(at, at + megabyte))
        sent.end()
      })
      expect([chunked.status, chunked.body.toString()]).toEqual([200, sha256(content)])
    }
  })

  it('passes an upload on while it is still coming, unbuffered, in chunks', async () => {
    let begun = ''
    serving(async (req) => {
      let text = ''
      for await (const piece of req.body!) {
        text += Buffer.from(piece).toString()
        begun ||= text
      }
      return { headers: { 'X-Coding': req.headers['transfer-encoding'] ?? 'none' }, body: text }
    })
    const { headers, body } = await ask('/streamed/', 'POST', async (sent) => {
      sent.write('begun ')
      await until(() => begun !== '')
      sent.end('and ended')
    })
    expect(begun).toBe('begun ')
    expect([headers['x-coding'], body.toString()]).toEqual(['chunked', 'begun and ended'])
  })

  it.each(['buffered', 'streamed', 'unix', 'old'])(
    'passes a streamed download of 64 MiB on, whole (%s)',
    async (place) => {
      const hash = createHash('sha256')
      function* pieces() {
        for (let piece = 0; piece < 1024; piece++) yield Buffer.alloc(64 * 1024, `${piece} `)
      }
      for (const piece of pieces()) hash.update(piece)
      serving(() => ({ body: pieces() }))
      const { status, body } = await ask(`/${place}/`)
      expect([status, sha256(body)]).toEqual([200, hash.digest('hex')])
      expect(seen[0]!.protocol).toBe(place === 'old' ? 'HTTP/1.0' : 'HTTP/1.1')
    },
  )

  it('tells its client of a download that breaks off', async () => {
    async function* pieces() {
      yield 'begun'
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('broken')
    }
    serving(() => ({ body: pieces() }))
    const print = console.error
    console.error = () => {}
    onTestFinished(() => {
      console.error = print
    })
    await expect(ask('/streamed/')).rejects.toThrow()
  })

  it('serves many clients at once', async () => {
    serving(async (req) => ({ body: `${req.uri} ${(await req.body?.text()) ?? ''}` }))
    const texts = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const sent = (one: ClientRequest) => (index % 2 ? one.end(`body ${index}`) : one.end())
        return (await ask(`/streamed/${index}`, index % 2 ? 'POST' : 'GET', sent)).body.toString()
      }),
    )
    expect(texts).toEqual(
      Array.from({ length: 400 }, (_, index) => `/${index} ${index % 2 ? `body ${index}` : ''}`),
    )
  })

  it('has its requests answered by a server that stops, and none of them lost', async () => {
    const stopping = await runServer(({ uri }) => ({ body: uri }), { path: join(folder, 'stopping.sock') })
    onTestFinished(() => stopping.stop())
    const other = mkdtempSync(join(folder, 'other-'))
    const block = `
upstream stopping { server unix:${folder}/stopping.sock; keepalive 4; }
server {
  listen unix:${other}/nginx.sock;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  location / { proxy_pass http://stopping; }
}`
    const second = await startNginx(other, { http: block }, join(other, 'nginx.sock'))
    onTestFinished(async () => {
      second.child.kill('SIGTERM')
      await second.exit
    })
    const get = (path: string): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { socketPath: join(other, 'nginx.sock'), path, agent: false as const }
        request(options, (message) => collect(message).then(({ status }) => resolve(status), reject))
          .on('error', reject)
          .end()
      })
    for (let index = 0; index < 20; index++) expect(await get(`/${index}`)).toBe(200)
    const stopped = stopping.stop({ timeout: 10_000 })
    // nginx still has a connection that it believes is good: what it sends there is answered.
    expect(await get('/last')).toBe(200)
    await stopped
    expect(await get('/gone')).toBe(502)
  })
})

const streamTitle = hasStreamModule
  ? 'nginx passing on TCP with the PROXY protocol'
  : `nginx passing on TCP with the PROXY protocol (skipped: ${missing ? 'nginx' : 'its stream module'} is not installed)`

describe.skipIf(!hasStreamModule)(streamTitle, () => {
  it('tells the address and the port of its client', async () => {
    serving((req) => {
      const { 'x-forwarded-for': address, 'x-forwarded-port': port } = req.headers
      return { body: `${req.remoteAddr} ${address} ${port} ${req.uri}` }
    })
    const keeping = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => keeping.destroy())
    for (const path of ['/1', '/2']) {
      const { body } = await new Promise<Answer>((resolve, reject) => {
        const options = { host: '127.0.0.1', port: streamPort, path, agent: keeping }
        request(options, (message) => collect(message).then(resolve, reject))
          .on('error', reject)
          .end()
      })
      expect(body.toString()).toBe(`127.0.0.1 127.0.0.1 ${streamPort} ${path}`)
    }
    expect(proxiedServer.stats()).toMatchObject({ served: 2, rejected: 0 })
  })
})

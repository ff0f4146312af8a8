// The client against nginx, the server that it will meet most: files, limits, and what stands behind a reverse proxy.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type Client, file, type OutgoingBody, type RequestOptions } from '../../src/client.js'
import { type Handler, type HttpServer, runServer } from '../../src/server.js'
import { type Authority, makeAuthority } from '../support/authority.js'
import { hasOpenssl } from '../support/certificate.js'
import { codesOf, failureOf, readAll, sha256 } from '../support/client-results.js'
import { freePort, nginx, startNginx } from '../support/nginx.js'
import { type Mirrored, mirror, serveNode } from '../support/node-server.js'
import { type Program, temporaryFolder } from '../support/programs.js'
import { answering, openScriptedServer, type ScriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { deferred, until } from '../support/waiting.js'

const title = `nginx${nginx ? '' : ' (skipped: nginx is not installed)'}`

let folder = ''
let url = ''
let program: Program | undefined
let upstream: ScriptedServer | undefined
let own: HttpServer | undefined

const text = 'words that come again and again, '.repeat(2000)
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3))

// Every answer says which connection it came on, and how many requests that has had.
const http = (port: number): string => `
types { text/html html; text/plain txt; application/json json; }
default_type application/octet-stream;
gzip on;
gzip_min_length 50;
gzip_types text/plain application/json;
gzip_proxied any;
add_header X-Connection $connection always;
add_header X-Requests $connection_requests always;
upstream scripted { server unix:${folder}/upstream.sock; }
upstream own { server unix:${folder}/own.sock; keepalive 4; }
server {
  listen 127.0.0.1:${port};
  listen unix:${folder}/nginx.sock;
  root ${folder}/files;
  client_max_body_size 1m;
  proxy_http_version 1.1;
  location = /few { keepalive_requests 3; return 200 few; }
  location = /brief { keepalive_timeout 1s; return 200 brief; }
  location = /hinted { keepalive_timeout 600s 1s; return 200 hinted; }
  location = /once { keepalive_timeout 0; return 200 once; }
  location = /nothing { return 204; }
  location = /moved { return 301 /page.html; }
  location = /absolute { return 302 $scheme://$http_host/page.html; }
  location = /other { return 303 http://localhost:${port}/guarded/page.html; }
  location = /again { return 307 /own/again; }
  location = /again-for-ever { return 308 /own/again; }
  location = /loop { return 302 /loop; }
  location = /relative/from { return 302 ../page.html; }
  location /guarded/ { alias ${folder}/files/; auth_basic "of a test"; auth_basic_user_file ${folder}/users; }
  location /dav/ {
    root ${folder};
    client_max_body_size 100m;
    dav_methods PUT DELETE MKCOL COPY MOVE;
    create_full_put_path on;
  }
  location /own/ {
    proxy_pass http://own/;
    proxy_set_header Connection "";
    client_max_body_size 100m;
    proxy_request_buffering off;
    proxy_buffering off;
  }
  location /limited/ { proxy_pass http://own/; proxy_request_buffering off; }
  location /scripted/ {
    proxy_pass http://scripted/;
    proxy_read_timeout 1s;
    proxy_buffer_size 128k;
    proxy_buffers 4 128k;
    proxy_busy_buffers_size 128k;
  }
  location /unbuffered/ { proxy_pass http://scripted/; proxy_buffering off; }
  location /until-close/ { proxy_pass http://scripted/; chunked_transfer_encoding off; }
}`

const echo: Handler = async (req) => ({
  headers: { 'Content-Type': 'text/plain', 'X-Method': req.requestMethod },
  body: req.body ? sha256(await req.body.bytes()) : 'nothing',
})

/** For /unbuffered/steps: the second half waits for it. */
let gate = deferred()

const scripts: Record<string, (connection: { destroy(): void }) => string | Promise<string>> = {
  '/slow': () => new Promise(() => {}),
  '/gone': (connection) => {
    connection.destroy()
    return ''
  },
  '/short': () => 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\nhalf',
  '/unfinished': () =>
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
  '/old': () => 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nan old answer',
  '/chunked': () => {
    const pieces = Array.from({ length: 500 }, (_, index) => 'x'.repeat(1 + index))
    const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`
  },
  '/head/small': () => headOf(60_000),
  '/head/large': () => headOf(70_000),
}

function headOf(size: number): string {
  const fields = Array.from(
    { length: 20 },
    (_, index) => `X-Field-${index}: ${'v'.repeat(size / 20 - 20)}\r\n`,
  )
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n${fields.join('')}\r\nbody`
}

beforeAll(async () => {
  if (!nginx) return
  folder = mkdtempSync(join(tmpdir(), 'httpkit-client-nginx-'))
  for (const name of ['files', 'files/folder', 'dav']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'files/page.html'), '<p>hello</p>')
  writeFileSync(join(folder, 'files/folder/index.html'), '<p>an index</p>')
  writeFileSync(join(folder, 'files/text.txt'), text)
  writeFileSync(join(folder, 'files/bytes.bin'), bytes)
  writeFileSync(join(folder, 'files/empty.txt'), '')
  writeFileSync(join(folder, 'users'), 'ann:{PLAIN}pass word\n')
  own = await runServer(echo, { path: join(folder, 'own.sock'), maxBody: 100_000_000 })
  upstream = await openScriptedServer(
    { path: join(folder, 'upstream.sock') },
    answering(async ({ target }, connection) => {
      if (target === '/steps') {
        connection.send('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nhalf')
        await gate.promise
        return 'half'
      }
      const answer = await scripts[target]!(connection)
      connection.send(answer)
      connection.finish()
      return undefined
    }),
  )
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  program = await startNginx(folder, { http: http(port) }, port)
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.exit
  await Promise.all([upstream?.close(), own?.stop()])
  if (folder) rmSync(folder, { recursive: true, force: true })
})

/** Which request on its connection it was that this answered. */
async function turnOf(client: Client, path: string, options: RequestOptions = {}): Promise<number> {
  const { headers } = await client.get(url + path, { as: 'byteArray', ...options }).unwrap()
  return Number(headers!['x-requests'])
}

describe.skipIf(!nginx)(title, () => {
  describe('keeps connections', () => {
    it('and is sent a hundred requests of all kinds on one', async () => {
      const client = testClient()
      for (let round = 1; round <= 20; round++) {
        const first = 5 * round - 4
        expect(await turnOf(client, '/page.html')).toBe(first)
        const head = await client.head(`${url}/text.txt`)
        expect(head).toMatchObject({ status: 200, body: '', headers: { 'x-requests': `${first + 1}` } })
        expect(await client.get(`${url}/nothing`)).toMatchObject({ status: 204, body: '' })
        expect(await client.get(`${url}/absent`)).toMatchObject({ status: 404 })
        expect(await client.post(`${url}/own/`, { body: text })).toMatchObject({
          status: 200,
          body: sha256(Buffer.from(text)),
          headers: { 'x-requests': `${first + 4}` },
        })
      }
      expect(client.stats()).toMatchObject({ connections: 1, idle: 1, active: 0, requests: 100 })
    })

    it('and opens another one where it has had as many requests as it takes', async () => {
      const client = testClient()
      const turns: number[] = []
      for (let index = 0; index < 7; index++) turns.push(await turnOf(client, '/few'))
      expect(turns).toEqual([1, 2, 3, 1, 2, 3, 1])
    })

    it('and closes them itself where keepalive is shorter', async () => {
      const client = testClient()
      expect(await turnOf(client, '/page.html', { keepalive: 50 })).toBe(1)
      await until(() => client.stats().connections === 0)
      expect(await turnOf(client, '/page.html')).toBe(1)
    })

    it('and is told where it closes one that idles: even a POST that comes then is answered', async () => {
      const client = testClient()
      expect(await turnOf(client, '/brief')).toBe(1)
      expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
      await until(() => client.stats().connections === 0)
      expect(await client.post(`${url}/own/`, { body: 'a' })).toMatchObject({ status: 200 })
    })

    it('and is left after the time of its Keep-Alive, though it would wait for longer', async () => {
      const client = testClient()
      const { headers } = await client.get(`${url}/hinted`, { as: 'text' }).unwrap()
      expect(headers).toMatchObject({ 'keep-alive': 'timeout=1', 'x-requests': '1' })
      await until(() => client.stats().connections === 0)
      expect(await turnOf(client, '/hinted')).toBe(1)
    })

    it('but not where it says close, or where the request does', async () => {
      const client = testClient()
      for (const [path, options] of [
        ['/once', {}],
        ['/page.html', { keepalive: -1 }],
        ['/page.html', { headers: { Connection: 'close' } }],
        ['/page.html', {}],
      ] as const) {
        expect(await turnOf(client, path, options)).toBe(1)
      }
    })

    it('and is sent 500 requests at once over no more of them than maxConnections', async () => {
      const client = testClient({ maxConnections: 5 })
      const requests = Array.from({ length: 500 }, (_, index) =>
        index % 2 ? client.get(`${url}/own/`) : client.put(`${url}/own/`, { body: `body ${index}` }).unwrap(),
      )
      const names = new Set<unknown>()
      for (const [index, { body, headers }] of (await Promise.all(requests)).entries()) {
        expect(body).toBe(index % 2 ? 'nothing' : sha256(Buffer.from(`body ${index}`)))
        names.add(headers!['x-connection'])
      }
      expect(names.size).toBeLessThanOrEqual(5)
      expect(client.stats()).toMatchObject({ active: 0, queued: 0, requests: 500 })
    })

    it('and loses no request when it is told to reload', async () => {
      const client = testClient({ maxConnections: 10 })
      let reloads = 0
      const reload = async (): Promise<void> => {
        for (; reloads < 3; reloads++) {
          program!.signal('SIGHUP')
          // Until the former worker has gone, it may answer, and say that it closes.
          await program!.prints(new RegExp(`(worker process \\d+ exited[^]*){${reloads + 1}}`), 'stderr')
        }
      }
      const lanes = Array.from({ length: 10 }, async () => {
        let answered = 0
        for (; reloads < 3; answered++) {
          const { error, status, body } = await client.get(`${url}/page.html`)
          expect([error, status, body]).toEqual([undefined, 200, '<p>hello</p>'])
        }
        return answered
      })
      const [, ...answers] = await Promise.all([reload(), ...lanes])
      expect(Math.min(...answers)).toBeGreaterThan(10)
    })
  })

  describe('serves files', () => {
    it('of every kind, whole', async () => {
      const client = testClient()
      expect(await client.get(`${url}/page.html`)).toMatchObject({ status: 200, body: '<p>hello</p>' })
      expect(await client.get(`${url}/empty.txt`)).toMatchObject({ status: 200, body: '' })
      const { body } = await client.get(`${url}/bytes.bin`).unwrap()
      expect((await readAll(body)).equals(bytes)).toBe(true)
      const again = await client.get(`${url}/bytes.bin`, { as: 'byteArray' }).unwrap()
      expect(bytes.equals(again.body as Uint8Array)).toBe(true)
    })

    it('in gzip, which is undone', async () => {
      const client = testClient()
      const { headers, body } = await client.get(`${url}/text.txt`).unwrap()
      expect(headers).toMatchObject({ 'content-encoding': 'gzip' })
      expect(body).toBe(text)
    })

    it('in gzip, which is left where rawByteArray is asked for', async () => {
      const options = { as: 'rawByteArray', headers: { 'Accept-Encoding': 'gzip' } } as const
      const { body } = await testClient().get(`${url}/text.txt`, options).unwrap()
      expect(gunzipSync(body as Uint8Array).toString()).toBe(text)
    })

    it('as they are where autoCompression is false', async () => {
      const { headers, body } = await testClient().get(`${url}/text.txt`, { autoCompression: false }).unwrap()
      expect(headers).not.toHaveProperty('content-encoding')
      expect(headers).toHaveProperty('content-length', `${text.length}`)
      expect(body).toBe(text)
    })

    it('in ranges, one or many', async () => {
      const client = testClient()
      const range = (value: string, name = 'text.txt') =>
        client.get(`${url}/${name}`, { headers: { Range: value }, as: 'text' })
      // Behind gzip nginx would not send a part.
      expect(await range('bytes=0-9')).toMatchObject({
        status: 206,
        body: text.slice(0, 10),
        headers: { 'content-range': `bytes 0-9/${text.length}`, 'content-length': '10' },
      })
      expect(await range('bytes=-5')).toMatchObject({ status: 206, body: text.slice(-5) })
      expect(await range(`bytes=${text.length}-`)).toMatchObject({ status: 416 })
      const both = await range('bytes=0-3,10-14').unwrap()
      expect(both).toMatchObject({ status: 206 })
      expect(both.headers!['content-type']).toMatch(/^multipart\/byteranges; boundary=/)
      expect(both.body).toContain(`\r\n\r\n${text.slice(10, 15)}\r\n`)
    })

    it('in ranges that together are the whole', async () => {
      const client = testClient({ maxConnections: 3 })
      const size = 30_000
      const parts = Array.from({ length: bytes.length / size }, async (_, index) => {
        const headers = { Range: `bytes=${index * size}-${index * size + size - 1}` }
        const { status, body } = await client.get(`${url}/bytes.bin`, { headers, as: 'byteArray' })
        expect(status).toBe(206)
        return body as Uint8Array
      })
      expect(bytes.equals(Buffer.concat(await Promise.all(parts)))).toBe(true)
    })

    it('to HEAD with the length that they have', async () => {
      const client = testClient()
      const { status, headers, body } = await client.head(`${url}/bytes.bin`, { as: 'text' })
      expect([status, headers!['content-length'], body]).toEqual([200, `${bytes.length}`, ''])
      for (const [path, as] of [
        ['/bytes.bin', 'auto'],
        ['/text.txt', 'stream'],
      ] as const) {
        expect(await readAll((await client.head(url + path, { as })).body)).toEqual(Buffer.alloc(0))
      }
    })

    it('with 304 where they have not changed, and goes on with the connection', async () => {
      const client = testClient()
      const { headers } = await client.head(`${url}/page.html`).unwrap()
      const conditions = [
        { 'If-None-Match': headers!.etag as string },
        { 'If-Modified-Since': headers!['last-modified'] as string },
      ]
      for (const [index, condition] of conditions.entries()) {
        const answer = await client.get(`${url}/page.html`, { headers: condition })
        expect(answer).toMatchObject({ status: 304, body: '', headers: { 'x-requests': `${index + 2}` } })
      }
      expect(await turnOf(client, '/page.html')).toBe(4)
    })

    it('to those who say who they are', async () => {
      const client = testClient()
      const address = `${url}/guarded/page.html`
      expect(await client.get(address)).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="of a test"' },
      })
      for (const basicAuth of ['ann:pass word', ['ann', 'pass word']] as const) {
        const options = { basicAuth } as RequestOptions
        expect(await client.get(address, options)).toMatchObject({ status: 200, body: '<p>hello</p>' })
      }
      const withUser = address.replace('http://', 'http://ann:pass%20word@')
      expect(await client.get(withUser)).toMatchObject({ status: 200 })
      expect(await client.get(address, { basicAuth: 'ann:wrong' })).toMatchObject({ status: 401 })
    })

    it('over a Unix socket', async () => {
      const client = testClient()
      const options = { unixSocket: join(folder, 'nginx.sock') }
      for (const turn of ['1', '2']) {
        expect(await client.get('http://nginx.test/page.html', options)).toMatchObject({
          status: 200,
          body: '<p>hello</p>',
          headers: { 'x-requests': turn },
        })
      }
      const { status, opts } = await client.get('http://nginx.test/moved', options)
      expect([status, opts.url]).toEqual([200, 'http://nginx.test/page.html'])
    })
  })

  describe('stores files', () => {
    it('that are put, copied, moved and deleted', async () => {
      const client = testClient()
      const at = (name: string): string => `${url}/dav/${name}`
      expect(await client.put(at('a/b.bin'), { body: bytes })).toMatchObject({ status: 201 })
      expect(await client.put(at('a/b.bin'), { body: 'another' })).toMatchObject({ status: 204, body: '' })
      expect(await client.copy(at('a/b.bin'), { headers: { Destination: at('a/c.bin') } })).toMatchObject({
        status: 204,
      })
      expect(await client.move(at('a/c.bin'), { headers: { Destination: at('d.bin') } })).toMatchObject({
        status: 204,
      })
      expect(await client.get(at('d.bin'), { as: 'text' })).toMatchObject({ status: 200, body: 'another' })
      expect(await client.del(at('d.bin'))).toMatchObject({ status: 204 })
      expect(await client.get(at('d.bin'))).toMatchObject({ status: 404 })
      expect(await client.request({ url: at('e/'), method: 'mkcol' })).toMatchObject({ status: 201 })
      expect(client.stats().connections).toBe(1)
    })

    it.each<[what: string, body: () => OutgoingBody]>([
      ['bytes', () => bytes],
      ['a Blob', () => new Blob([bytes])],
      ['a file', () => file(join(folder, 'files/bytes.bin'))],
      ['a Readable', () => Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)])],
      ['a ReadableStream', () => new Blob([bytes]).stream()],
      ['a generator', () => [bytes.subarray(0, 1), bytes.subarray(1)].values()],
    ])('that come as %s', async (_what, body) => {
      const client = testClient()
      const name = `${Math.random()}.bin`
      expect(await client.put(`${url}/dav/${name}`, { body: body() })).toMatchObject({ status: 201 })
      expect(readFileSync(join(folder, 'dav', name)).equals(bytes)).toBe(true)
      // It waits for the body only where it has said that it will.
      const expecting = { body: body(), headers: { Expect: '100-continue' } }
      expect(await client.put(`${url}/dav/${name}`, expecting)).toMatchObject({ status: 204 })
      expect(readFileSync(join(folder, 'dav', name)).equals(bytes)).toBe(true)
      expect(client.stats().connections).toBe(1)
    })
  })

  describe('refuses', () => {
    const large = Buffer.alloc(20_000_000, 'large ')
    function* pieces() {
      for (let at = 0; at < large.length; at += 100_000) yield large.subarray(at, at + 100_000)
    }

    it.each<[what: string, options: () => RequestOptions]>([
      ['bytes', () => ({ body: large })],
      ['a generator', () => ({ body: pieces() })],
      ['a Readable', () => ({ body: Readable.from(pieces()) })],
      ['a Blob', () => ({ body: new Blob([large]) })],
      ['bytes that wait for 100', () => ({ body: large, headers: { Expect: '100-continue' } })],
    ])('a body past its limit with 413, which is the answer to %s', async (_what, options) => {
      const client = testClient()
      for (let round = 0; round < 5; round++) {
        const answer = await client.post(`${url}/limited/`, options())
        expect(answer.error).toBeUndefined()
        expect(answer).toMatchObject({ status: 413, body: expect.stringContaining('413') })
      }
      expect(await client.post(`${url}/limited/`, { body: 'small' })).toMatchObject({ status: 200 })
    })

    it('a head past its limits, with answers', async () => {
      const client = testClient()
      expect(await client.get(`${url}/${'a'.repeat(20_000)}`)).toMatchObject({ status: 414 })
      const headers = { 'X-Large': 'a'.repeat(20_000) }
      expect(await client.get(`${url}/`, { headers })).toMatchObject({ status: 400 })
      expect(await client.get(`${url}/page.html`)).toMatchObject({ status: 200 })
    })
  })

  describe('sends elsewhere', () => {
    it.each(['/moved', '/absolute', '/relative/from'])('what it tells of %s is followed', async (path) => {
      const client = testClient()
      const { status, body, opts } = await client.get(url + path)
      expect([status, body]).toEqual([200, '<p>hello</p>'])
      expect([opts.url, opts.traceRedirects]).toEqual([`${url}/page.html`, [url + path]])
      expect(client.stats().connections).toBe(1)
    })

    it('a folder without its slash', async () => {
      const { status, body, opts } = await testClient().get(`${url}/folder`)
      expect([status, body, opts.url]).toEqual([200, '<p>an index</p>', `${url}/folder/`])
    })

    it.each(['/again', '/again-for-ever'])('a POST with its body, by %s', async (path) => {
      const { status, body, headers } = await testClient().post(url + path, { body: bytes })
      expect([status, body, headers!['x-method']]).toEqual([200, sha256(bytes), 'post'])
    })

    it('a POST as GET, and to another host without its credentials', async () => {
      const { status, opts } = await testClient().post(`${url}/other`, {
        basicAuth: 'ann:pass word',
        body: 'a',
      })
      expect([status, opts.method, opts.traceRedirects]).toEqual([401, 'get', [`${url}/other`]])
    })

    it('in a circle, which ends', async () => {
      const error = await failureOf(testClient().get(`${url}/loop`))
      expect(error.code).toBe('ERR_TOO_MANY_REDIRECTS')
    })

    it('what does not want to go', async () => {
      const options = { followRedirects: false }
      expect(await testClient().get(`${url}/moved`, options)).toMatchObject({
        status: 301,
        headers: { location: `${url}/page.html` },
      })
    })
  })

  describe('before a server', () => {
    it('that answers in chunks passes them on', async () => {
      const length = (500 * 501) / 2
      for (const place of ['scripted', 'unbuffered', 'until-close']) {
        const answer = await testClient().get(`${url}/${place}/chunked`, { autoCompression: false })
        expect(answer).toMatchObject({ status: 200, body: 'x'.repeat(length) })
      }
    })

    it('that answers in chunks passes them on in gzip', async () => {
      const { headers, body } = await testClient().get(`${url}/unbuffered/chunked`).unwrap()
      expect(headers).toMatchObject({ 'content-encoding': 'gzip' })
      expect(body).toBe('x'.repeat((500 * 501) / 2))
    })

    it('of HTTP/1.0 passes its answer on, which may end with the connection', async () => {
      const client = testClient()
      for (const place of ['scripted', 'unbuffered', 'until-close']) {
        const answer = await client.get(`${url}/${place}/old`, { autoCompression: false })
        expect(answer).toMatchObject({ status: 200, body: 'an old answer' })
      }
      await until(() => client.stats().connections === 0)
    })

    it('that is slow passes on what there is, at once', async () => {
      gate = deferred()
      const options = { as: 'stream', autoCompression: false } as const
      const { body } = await testClient().get(`${url}/unbuffered/steps`, options).unwrap()
      const reader = (body as ReadableStream<Uint8Array>).getReader()
      expect(Buffer.from((await reader.read()).value!).toString()).toBe('half')
      gate.resolve()
      expect(Buffer.from((await reader.read()).value!).toString()).toBe('half')
      expect((await reader.read()).done).toBe(true)
    })

    it('that does not answer says so when its own time is up', async () => {
      expect(await testClient().get(`${url}/scripted/slow`)).toMatchObject({ status: 504 })
    })

    it('that does not answer is not waited for beyond idleTimeout, deadline or signal', async () => {
      const client = testClient()
      const slow = `${url}/unbuffered/slow`
      expect((await failureOf(client.get(slow, { idleTimeout: 50 }))).code).toBe('ERR_TIMEOUT_IDLE')
      expect((await failureOf(client.get(slow, { deadline: 50 }))).code).toBe('ERR_DEADLINE')
      const signal = AbortSignal.timeout(50)
      expect((await failureOf(client.get(slow, { signal }))).code).toBe('ERR_ABORTED')
      await until(() => client.stats().connections === 0)
    })

    it('that is gone says so', async () => {
      expect(await testClient().get(`${url}/scripted/gone`)).toMatchObject({ status: 502 })
    })

    it.each(['scripted/short', 'unbuffered/short', 'scripted/unfinished', 'unbuffered/unfinished'])(
      'that breaks off in the middle of a body breaks off, too (%s)',
      async (path) => {
        const client = testClient()
        for (const autoCompression of [false, true]) {
          for (const as of ['auto', 'text', 'byteArray', 'none'] as const) {
            const [code] = await codesOf(client.get(`${url}/${path}`, { as, autoCompression }))
            expect(code).toBe('ERR_CONNECTION_CLOSED')
          }
        }
        const options = { as: 'stream', autoCompression: false } as const
        const { status, body } = await client.get(`${url}/${path}`, options)
        expect(status).toBe(200)
        await expect(readAll(body)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
        await until(() => client.stats().connections === 0)
      },
    )

    it('passes a head of 60,000 bytes on, and one of 70,000 is ERR_PROTOCOL', async () => {
      const client = testClient()
      const { status, headers, body } = await client.get(`${url}/scripted/head/small`)
      expect([status, body, headers!['x-field-19']]).toEqual([200, 'body', 'v'.repeat(2980)])
      expect((await failureOf(client.get(`${url}/scripted/head/large`))).code).toBe('ERR_PROTOCOL')
      // The connection is gone with it.
      expect(await turnOf(client, '/page.html')).toBe(1)
    })

    it.each<[what: string, body: (content: Buffer) => OutgoingBody]>([
      ['sized', (content) => content],
      [
        'in chunks',
        (content) => Readable.from([content.subarray(0, 3_000_000), content.subarray(3_000_000)]),
      ],
    ])('passes 20 MB on, %s', async (_what, body) => {
      const client = testClient()
      const content = Buffer.alloc(20_000_000, 'some bytes, ')
      for (let round = 0; round < 3; round++) {
        const answer = await client.put(`${url}/own/`, { body: body(content) })
        expect(answer).toMatchObject({ status: 200, body: sha256(content) })
      }
      expect(client.stats().connections).toBe(1)
    })
  })
})

describe.skipIf(!nginx)(`${title} as a proxy`, () => {
  it('is asked in absolute-form for many servers, over one connection', async () => {
    const folder = temporaryFolder()
    const port = await freePort()
    const block = `
server {
  listen 127.0.0.1:${port};
  add_header X-Requests $connection_requests always;
  location / { proxy_pass http://$http_host$request_uri; proxy_request_buffering off; proxy_http_version 1.1; }
}`
    const running = await startNginx(folder, { http: block }, port)
    onTestFinished(async () => {
      running.child.kill('SIGTERM')
      await running.exit
    })
    const servers = await Promise.all(Array.from({ length: 3 }, () => serveNode(mirror)))
    const client = testClient()
    let turn = 0
    for (const makeBody of [() => 'a body', () => Readable.from(['a', ' body']), () => 'a body']) {
      for (const { url } of servers) {
        const options = { proxyUrl: `http://127.0.0.1:${port}`, body: makeBody() }
        const answer = await client.post(`${url}/a?b`, options)
        expect(answer).toMatchObject({ status: 200, headers: { 'x-requests': `${++turn}` } })
        const { url: target, body: arrived } = JSON.parse(answer.body) as Mirrored
        expect([target, arrived]).toEqual(['/a?b', 'a body'])
      }
    }
    expect(client.stats().connections).toBe(1)
  })
})

describe.skipIf(!nginx || !hasOpenssl)(`${title} with TLS`, () => {
  let authority: Authority

  beforeAll(() => {
    authority = makeAuthority()
  })

  /** Runs one more nginx, with TLS; the port. */
  async function startSecure(settings: string): Promise<number> {
    const other = temporaryFolder()
    const { key, cert } = authority.issue({ names: ['localhost'], addresses: ['127.0.0.1'] })
    writeFileSync(join(other, 'both.pem'), cert + key)
    const port = await freePort()
    const block = `
server {
  listen 127.0.0.1:${port} ssl;
  ssl_certificate ${other}/both.pem;
  ssl_certificate_key ${other}/both.pem;
  ssl_session_cache shared:all:1m;
  add_header X-Requests $connection_requests always;
  ${settings}
  location / { return 200 "$ssl_protocol <$ssl_server_name>"; }
}`
    const running = await startNginx(other, { http: block }, port)
    onTestFinished(async () => {
      running.child.kill('SIGTERM')
      await running.exit
    })
    return port
  }

  it.each(['TLSv1.2', 'TLSv1.3'])('speaks %s, and keeps the connection', async (version) => {
    const port = await startSecure(`ssl_protocols ${version};`)
    const client = testClient({ tls: { ca: authority.ca } })
    for (const turn of ['1', '2', '3']) {
      expect(await client.get(`https://localhost:${port}/`, { as: 'text' })).toMatchObject({
        status: 200,
        body: `${version} <localhost>`,
        headers: { 'x-requests': turn },
      })
    }
    // No name is sent where there is none (RFC 6066 §3).
    const { body } = await client.get(`https://127.0.0.1:${port}/`, { as: 'text' }).unwrap()
    expect(body).toBe(`${version} <>`)
  })

  it('says so where it is spoken to without', async () => {
    const port = await startSecure('')
    expect(await testClient().get(`http://localhost:${port}/`)).toMatchObject({ status: 400 })
  })

  it('asks for a certificate where it is told to, in its own way', async () => {
    const ca = join(temporaryFolder(), 'ca.pem')
    writeFileSync(ca, authority.ca)
    const port = await startSecure(`ssl_client_certificate ${ca}; ssl_verify_client on;`)
    const tls = { ca: authority.ca }
    const client = testClient()
    expect(await client.get(`https://localhost:${port}/`, { tls })).toMatchObject({ status: 400 })
    const known = { ...tls, ...authority.issue({ names: ['a client'] }) }
    expect(await client.get(`https://localhost:${port}/`, { tls: known })).toMatchObject({ status: 200 })
  })
})

// The client against lighttpd: what another server than nginx does otherwise with connections, files and limits.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codesOf, readAll, sha256 } from '../support/client-results.js'
import { lighttpd, startLighttpd } from '../support/lighttpd.js'
import type { Program } from '../support/programs.js'
import { answering, openScriptedServer, type ScriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'
import { until } from '../support/waiting.js'

const title = `lighttpd${lighttpd ? '' : ' (skipped: lighttpd is not installed)'}`

let folder = ''
let url = ''
let program: Program | undefined
let upstream: ScriptedServer | undefined

const text = 'words that come again and again, '.repeat(2000)
const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3))

const settings = (): string => `
server.modules = ("mod_redirect", "mod_auth", "mod_authn_file", "mod_cgi", "mod_proxy")
server.max-keep-alive-requests = 5
server.max-keep-alive-idle = 1
server.max-request-size = 1024
server.stream-response-body = 1
mimetype.assign = (".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream")
index-file.names = ("index.html")
url.redirect = ("^/moved$" => "/page.html")
cgi.assign = (".sh" => "/bin/sh")
auth.backend = "plain"
auth.backend.plain.userfile = "${folder}/users"
auth.require = ("/guarded/" => ("method" => "basic", "realm" => "of a test", "require" => "valid-user"))
$HTTP["url"] =~ "^/scripted/" {
  proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${upstream!.port})))
}
`

// A program behind lighttpd: its answer has no length, and so comes in chunks.
const script = `
echo "Content-Type: text/plain"
echo "X-Method: $REQUEST_METHOD"
echo
echo "query $QUERY_STRING"
cat
`

beforeAll(async () => {
  if (!lighttpd) return
  folder = mkdtempSync(join(tmpdir(), 'httpkit-client-lighttpd-'))
  for (const name of ['folder', 'guarded']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'page.html'), '<p>hello</p>')
  writeFileSync(join(folder, 'guarded/page.html'), '<p>hello</p>')
  writeFileSync(join(folder, 'folder/index.html'), '<p>an index</p>')
  writeFileSync(join(folder, 'text.txt'), text)
  writeFileSync(join(folder, 'bytes.bin'), bytes)
  writeFileSync(join(folder, 'answer.sh'), script)
  writeFileSync(join(folder, 'users'), 'ann:password\n')
  upstream = await openScriptedServer(
    {},
    answering((_request, connection) => {
      // One that is chunked and breaks off is whole to lighttpd now and then.
      const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n'
      connection.send(`${head}half`).finish()
      return undefined
    }),
  )
  const started = await startLighttpd(folder, settings())
  program = started.program
  url = `http://127.0.0.1:${started.port}`
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.exit
  await upstream?.close()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(!lighttpd)(title, () => {
  it('answers a hundred requests of all kinds, six to a connection', async () => {
    const client = testClient()
    for (let round = 0; round < 20; round++) {
      expect(await client.get(`${url}/page.html`)).toMatchObject({ status: 200, body: '<p>hello</p>' })
      expect(await client.head(`${url}/text.txt`)).toMatchObject({
        status: 200,
        body: '',
        headers: { 'content-length': `${text.length}` },
      })
      expect(await client.get(`${url}/absent`)).toMatchObject({ status: 404 })
      expect(await client.get(`${url}/text.txt`)).toMatchObject({ status: 200, body: text })
      expect(await client.post(`${url}/answer.sh?a=b`, { body: 'a body' })).toMatchObject({
        status: 200,
        body: 'query a=b\na body',
        headers: { 'x-method': 'POST' },
      })
      expect(client.stats().connections).toBeLessThanOrEqual(1)
    }
  })

  it('closes a connection that idles, and a POST that comes then is answered', async () => {
    const client = testClient()
    expect(await client.get(`${url}/page.html`)).toMatchObject({ status: 200 })
    expect(client.stats()).toMatchObject({ connections: 1, idle: 1 })
    await until(() => client.stats().connections === 0, 10_000)
    expect(await client.post(`${url}/answer.sh`, { body: 'a' })).toMatchObject({ status: 200 })
  })

  it('serves 300 requests at once over no more connections than maxConnections', async () => {
    const client = testClient({ maxConnections: 4 })
    const requests = Array.from({ length: 300 }, () => client.get(`${url}/bytes.bin`, { as: 'byteArray' }))
    for (const { status, body } of await Promise.all(requests)) {
      expect([status, sha256(body as Uint8Array)]).toEqual([200, sha256(bytes)])
    }
    expect(client.stats().connections).toBeLessThanOrEqual(4)
  })

  it('serves ranges, and 304', async () => {
    const client = testClient()
    const range = (value: string) =>
      client.get(`${url}/text.txt`, { headers: { Range: value }, as: 'text' }).unwrap()
    expect(await range('bytes=5-9')).toMatchObject({ status: 206, body: text.slice(5, 10) })
    expect(await range(`bytes=${text.length}-`)).toMatchObject({ status: 416 })
    const both = await range('bytes=0-3,5000-5004')
    expect(both.headers!['content-type']).toMatch(/^multipart\/byteranges; boundary=/)
    const { etag } = (await client.head(`${url}/page.html`)).headers!
    expect(
      await client.get(`${url}/page.html`, { headers: { 'If-None-Match': etag as string } }),
    ).toMatchObject({ status: 304, body: '' })
  })

  it('sends elsewhere', async () => {
    const { status, opts } = await testClient().get(`${url}/moved`)
    expect([status, opts.url, opts.traceRedirects]).toEqual([200, `${url}/page.html`, [`${url}/moved`]])
    expect(await testClient().get(`${url}/folder`)).toMatchObject({ status: 200, body: '<p>an index</p>' })
  })

  it('lets those in who say who they are', async () => {
    const address = `${url}/guarded/page.html`
    expect(await testClient().get(address)).toMatchObject({ status: 401 })
    expect(await testClient().get(address, { basicAuth: ['ann', 'password'] })).toMatchObject({ status: 200 })
  })

  it('refuses a body past its limit with 413, and a head past its limits', async () => {
    const client = testClient()
    function* pieces() {
      for (let index = 0; index < 200; index++) yield Buffer.alloc(100_000)
    }
    for (const body of [Buffer.alloc(20_000_000), pieces()]) {
      const answer = await client.post(`${url}/answer.sh`, { body })
      expect(answer.error).toBeUndefined()
      expect(answer.status).toBe(413)
    }
    const headers = { 'X-Large': 'a'.repeat(20_000) }
    expect(await client.get(`${url}/page.html`, { headers })).toMatchObject({ status: 431 })
  })

  it('waits with 100 for a body that waits for it', async () => {
    const options = { body: 'a body', headers: { Expect: '100-continue' } }
    expect(await testClient().post(`${url}/answer.sh`, options)).toMatchObject({
      status: 200,
      body: 'query \na body',
    })
  })

  it('breaks off where what is behind it does', async () => {
    const client = testClient()
    const whole = codesOf(client.get(`${url}/scripted/short`))
    const { body } = await client.get(`${url}/scripted/short`, { as: 'stream' })
    await expect(readAll(body)).rejects.toMatchObject({ code: 'ERR_CONNECTION_CLOSED' })
    expect((await whole)[0]).toBe('ERR_CONNECTION_CLOSED')
  })
})

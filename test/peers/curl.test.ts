// curl against the server: what people try first.

import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { file, type RingRequest, type RingResponse, type ServerOptions } from '../../src/server.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { hasProgram, type Output, run, temporaryFolder } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'

const hasCurl = hasProgram('curl')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Tells what came, and answers with the hash of its body. */
async function tell(req: RingRequest): Promise<RingResponse> {
  const { requestMethod, uri, queryString, protocol, contentLength, headers } = req
  const body = req.body && (await req.body.bytes())
  const told = { requestMethod, uri, queryString, protocol, contentLength, headers, bytes: body?.length }
  return {
    headers: { 'Content-Type': 'application/json', 'X-Hash': body ? sha256(body) : 'none' },
    body: JSON.stringify(told),
  }
}

async function serveAt(
  handler = tell,
  options: ServerOptions = {},
): Promise<{ server: TestServer; url: string }> {
  const server = await serve(handler, { maxBody: 64 * 1024 * 1024, ...options })
  return { server, url: `http://127.0.0.1:${server.port}` }
}

async function curl(...args: string[]): Promise<Output> {
  const output = await run('curl', ['-sS', '--max-time', '10', ...args])
  expect(output.code, output.stderr).toBe(0)
  return output
}

function largeFile(bytes: number): { path: string; hash: string } {
  const path = join(temporaryFolder(), 'large.bin')
  const content = Buffer.alloc(bytes, 'some bytes, ')
  writeFileSync(path, content)
  return { path, hash: sha256(content) }
}

/** The heads that curl -v or -i showed. */
const headsOf = (text: string): string[] => text.match(/HTTP\/1\.[01] \d{3}[^\r\n]*/g) ?? []

describe.skipIf(!hasCurl)(`curl${hasCurl ? '' : ' (skipped: it is not installed)'}`, () => {
  it('gets', async () => {
    const { url } = await serveAt()
    const { stdout } = await curl('-H', 'X-Name: a', '-H', 'X-Name: b', `${url}/a%20b?q=1`)
    const told = JSON.parse(stdout)
    expect(told).toMatchObject({
      requestMethod: 'get',
      uri: '/a%20b',
      queryString: 'q=1',
      protocol: 'HTTP/1.1',
    })
    expect(told.headers['x-name']).toBe('a, b')
    expect(told).not.toHaveProperty('bytes')
  })

  it('posts a form', async () => {
    const { url } = await serveAt()
    const { stdout } = await curl('-d', 'a=1', '-d', 'b=2', url)
    expect(JSON.parse(stdout)).toMatchObject({ requestMethod: 'post', contentLength: 7, bytes: 7 })
  })

  it('posts nothing', async () => {
    const { url } = await serveAt()
    const told = JSON.parse((await curl('-X', 'POST', '-d', '', url)).stdout)
    expect(told).toMatchObject({ requestMethod: 'post', contentLength: 0 })
  })

  it('posts multipart, larger than a read', async () => {
    const { url } = await serveAt()
    const { path } = largeFile(3_000_000)
    const told = JSON.parse((await curl('-F', `file=@${path}`, '-F', 'name=value', url)).stdout)
    expect(told.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(told.bytes).toBe(told.contentLength)
    expect(told.bytes).toBeGreaterThan(3_000_000)
  })

  it('uploads a file, waiting for 100 Continue', async () => {
    const { url } = await serveAt()
    const { path, hash } = largeFile(5_000_000)
    const start = performance.now()
    const { stdout, stderr } = await curl(
      '-v',
      '-H',
      'Expect: 100-continue',
      '--expect100-timeout',
      '8',
      '-T',
      path,
      url,
    )
    expect(headsOf(stderr.replace(/^> .*/gm, ''))).toEqual(['HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK'])
    expect(stderr.toLowerCase()).toContain(`x-hash: ${hash}`)
    expect(JSON.parse(stdout)).toMatchObject({ requestMethod: 'put', bytes: 5_000_000 })
    expect(performance.now() - start).toBeLessThan(5000)
  })

  it('does not send the file that a handler does not want', async () => {
    const { server, url } = await serveAt(async () => ({ status: 403, body: 'no' }))
    const { path } = largeFile(5_000_000)
    const { stdout, stderr } = await curl(
      '-v',
      '-H',
      'Expect: 100-continue',
      '--expect100-timeout',
      '8',
      '-T',
      path,
      url,
    )
    expect(headsOf(stderr.replace(/^> .*/gm, ''))).toEqual(['HTTP/1.1 403 Forbidden'])
    expect(stdout).toBe('no')
    expect(server.stats().bytesIn).toBeLessThan(1000)
  })

  it('does not send the file that is too large', async () => {
    const { server, url } = await serveAt(tell, { maxBody: 1000 })
    const { path } = largeFile(5_000_000)
    const { stderr } = await curl(
      '-v',
      '-H',
      'Expect: 100-continue',
      '--expect100-timeout',
      '8',
      '-T',
      path,
      url,
    )
    expect(headsOf(stderr.replace(/^> .*/gm, ''))).toEqual(['HTTP/1.1 413 Content Too Large'])
    expect(server.stats().bytesIn).toBeLessThan(1000)
  })

  it('reads the refusal of a file that is too large, though it is sending it', async () => {
    const { url } = await serveAt(tell, { maxBody: 1000 })
    const { path } = largeFile(5_000_000)
    const { stdout } = await curl('-H', 'Expect:', '-o', '/dev/null', '-w', '%{http_code}', '-T', path, url)
    expect(stdout).toBe('413')
  })

  it('uploads in chunks', async () => {
    const { url } = await serveAt()
    const { path, hash } = largeFile(5_000_000)
    const { stdout } = await curl('-i', '-H', 'Transfer-Encoding: chunked', '-H', 'Expect:', '-T', path, url)
    expect(stdout.toLowerCase()).toContain(`x-hash: ${hash}`)
    const told = JSON.parse(stdout.slice(stdout.indexOf('\r\n\r\n')))
    expect(told).toMatchObject({ bytes: 5_000_000 })
    expect(told.headers['transfer-encoding']).toBe('chunked')
    expect(told).not.toHaveProperty('contentLength')
  })

  it('asks for a head', async () => {
    const { url } = await serveAt(async () => ({ headers: { 'X-Name': 'x' }, body: 'a body' }))
    const { stdout } = await curl('-I', url)
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(stdout.toLowerCase()).toContain('x-name: x\r\n')
    expect(stdout.toLowerCase()).toContain('content-length: 6\r\n')
    expect(stdout.endsWith('\r\n\r\n')).toBe(true)
  })

  it('speaks HTTP/1.0', async () => {
    const { url } = await serveAt()
    const { stdout, stderr } = await curl('-v', '-0', '-d', 'body', url)
    expect(JSON.parse(stdout)).toMatchObject({ protocol: 'HTTP/1.0', bytes: 4 })
    expect(stderr.toLowerCase()).toContain('< connection: close')
  })

  it('reads a stream over HTTP/1.0 until it closes', async () => {
    async function* pieces() {
      for (let piece = 0; piece < 100; piece++) yield `${piece} `.repeat(1000)
    }
    const { url } = await serveAt(async () => ({ body: pieces() }))
    const { stdout } = await curl('-0', url)
    expect(stdout).toBe(Array.from({ length: 100 }, (_, piece) => `${piece} `.repeat(1000)).join(''))
  })

  it('gets two URLs over one connection', async () => {
    const { url } = await serveAt()
    const { stderr } = await curl('-v', '-o', '/dev/null', `${url}/1`, '-o', '/dev/null', `${url}/2`)
    expect(stderr).toMatch(/Re-using existing connection/i)
    expect(stderr.match(/\* Connected to/g)).toHaveLength(1)
    expect(headsOf(stderr.replace(/^> .*/gm, ''))).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK'])
  })

  it('posts over the connection of an upload that went well', async () => {
    const { url } = await serveAt()
    const { path } = largeFile(2_000_000)
    const { stderr } = await curl(
      '-v',
      '-o',
      '/dev/null',
      '-T',
      path,
      `${url}/1`,
      '--next',
      '-sS',
      '-v',
      '-d',
      'x',
      `${url}/2`,
    )
    expect(stderr).toMatch(/Re-using existing connection/i)
  })

  it('opens another connection where the answer said close', async () => {
    const { url } = await serveAt(async () => ({ headers: { Connection: 'close' } }))
    const { stderr } = await curl('-v', `${url}/1`, `${url}/2`)
    expect(stderr.match(/\* Connected to/g)).toHaveLength(2)
  })

  it('downloads a file whole', async () => {
    const { path, hash } = largeFile(20_000_000)
    const { url } = await serveAt(async () => ({ body: file(path) }))
    const copy = `${path}.copy`
    const { stdout } = await curl('-o', copy, '-w', '%{content_type} %{size_download}', url)
    expect(stdout).toBe('application/octet-stream 20000000')
    expect(sha256(readFileSync(copy))).toBe(hash)
  })

  it('finds an answer that breaks off', async () => {
    async function* pieces() {
      yield 'begun'
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('broken')
    }
    const { url } = await serveAt(async () => ({ body: pieces() }))
    const { code, stdout } = await run('curl', ['-sS', '-N', '--max-time', '10', url])
    expect([code, stdout]).toEqual([18, 'begun'])
  })

  it('comes over a Unix domain socket', async () => {
    const path = join(temporaryFolder(), 'server.sock')
    await serve(tell, { path })
    const told = JSON.parse((await curl('--unix-socket', path, '-d', 'x', 'http://example.org/path')).stdout)
    expect(told).toMatchObject({ requestMethod: 'post', uri: '/path', bytes: 1 })
    expect(told.headers.host).toBe('example.org')
  })

  it('sends a PROXY header', async () => {
    const { url } = await serveAt(
      async (req) => ({ body: `${req.remoteAddr} ${req.headers['x-forwarded-for']}` }),
      {
        proxyProtocol: 'enable',
      },
    )
    expect((await curl('--haproxy-protocol', url)).stdout).toBe('127.0.0.1 127.0.0.1')
  })

  it('comes through an HTTP proxy’s absolute-form', async () => {
    const { url } = await serveAt(async (req) => ({ body: `${req.serverName} ${req.serverPort} ${req.uri}` }))
    expect((await curl('-x', url, 'http://example.org:81/path')).stdout).toBe('example.org 81 /path')
  })

  it.skipIf(!hasOpenssl)(`speaks TLS${hasOpenssl ? '' : ' (skipped: no openssl here)'}`, async () => {
    const certificate = makeCertificate()
    const { server } = await serveAt(tell, { tls: certificate })
    const authority = join(temporaryFolder(), 'ca.pem')
    writeFileSync(authority, certificate.cert)
    const { path, hash } = largeFile(5_000_000)
    const url = `https://localhost:${server.port}`
    const { stdout } = await curl(
      '-i',
      '--http1.1',
      '--cacert',
      authority,
      '-H',
      'Expect:',
      '-T',
      path,
      `${url}/`,
    )
    expect(stdout.toLowerCase()).toContain(`x-hash: ${hash}`)
  })
})

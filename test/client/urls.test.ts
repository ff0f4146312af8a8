// From a URL to Host and request-target (RFC 9112 §3.2.1), as the URL Standard reads it. Names that nobody resolves are led to
// a server of the test by addressFinder.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { get, makeClient, type RequestOptions } from '../../src/client.js'
import { type RecordedRequest, record } from '../support/recording-server.js'

interface Led {
  request: RecordedRequest
  /** What addressFinder was asked for. */
  found: URL
}

/** What comes of a request to this URL, wherever it leads. */
async function led(url: string, options: Omit<RequestOptions, 'url'> = {}): Promise<Led> {
  const server = await record()
  const found: URL[] = []
  const client = makeClient({
    addressFinder: (one: URL) => {
      found.push(one)
      return { host: '127.0.0.1', port: server.port }
    },
  })
  const { error } = await client.get(url, options)
  await client.close()
  expect(error).toBeUndefined()
  expect(found).toHaveLength(1)
  expect(found[0]).toBeInstanceOf(URL)
  return { request: server.last, found: found[0]! }
}

async function hostOf(url: string): Promise<string | undefined> {
  return (await led(url)).request.header('host')
}

async function targetOf(rest: string): Promise<string> {
  return (await led(`http://example.test${rest}`)).request.target
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

describe('Host', () => {
  it.each([
    ['http://example.test/', 'example.test'],
    ['http://example.test:80/', 'example.test'],
    ['http://example.test:8080/', 'example.test:8080'],
    ['http://example.test:443/', 'example.test:443'],
    ['http://example.test:/', 'example.test'],
    ['HTTP://EXAMPLE.Test/', 'example.test'],
    ['http://example.test./', 'example.test.'],
    ['http://a_b.test/', 'a_b.test'],
    ['http://-a-.test/', '-a-.test'],
    ['http://127.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://[::1]/', '[::1]'],
    ['http://[::1]:8080/', '[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]/', '[::1]'],
    ['http://[2001:DB8::1]/', '[2001:db8::1]'],
    ['http://bücher.test/', 'xn--bcher-kva.test'],
    ['http://日本語.test:81/', 'xn--wgv71a119e.test:81'],
    ['http://xn--bcher-kva.test/', 'xn--bcher-kva.test'],
    ['http://ex%61mple.test/', 'example.test'],
    ['http://user:pass@example.test/', 'example.test'],
  ])('of %s is %s', async (url, wanted) => {
    expect(await hostOf(url)).toBe(wanted)
  })

  it('of https has no 443, but any other port', async () => {
    const server = await record()
    const client = makeClient({ connect: () => connected(server.port) }) // as secure as we care for
    await client.get('https://example.test/')
    await client.get('https://example.test:443/')
    await client.get('https://example.test:80/')
    await client.close()
    expect(server.requests.map((req) => req.header('host'))).toEqual([
      'example.test',
      'example.test',
      'example.test:80',
    ])
  })
})

describe('the request-target', () => {
  it.each([
    ['', '/'],
    ['/', '/'],
    ['?a=b', '/?a=b'],
    ['#f', '/'],
    ['?', '/?'],
    ['/a?b#c?d', '/a?b'],
    ['/a#b#c', '/a'],
    ['/a b/c', '/a%20b/c'],
    ['/ä/日', '/%C3%A4/%E6%97%A5'],
    ['/?q=a b', '/?q=a%20b'],
    ['/?q=ü&日=1', '/?q=%C3%BC&%E6%97%A5=1'],
    ['/😀?😀', '/%F0%9F%98%80?%F0%9F%98%80'],
    ['/a%20b%2Fc%zz', '/a%20b%2Fc%zz'],
    ['/?a%20b+c%2', '/?a%20b+c%2'],
    ['/a/./b/../c', '/a/c'],
    ['/../../a', '/a'],
    ['/%2e%2E/a', '/a'],
    ['//a//b', '//a//b'],
    ['/a\\b', '/a/b'],
    ['/"<>`{}', '/%22%3C%3E%60%7B%7D'],
    ['/?"<>\'', '/?%22%3C%3E%27'],
    ['/a;b,c=d@e:f!$&()*+~', '/a;b,c=d@e:f!$&()*+~'],
    ['/?a=b?c/d', '/?a=b?c/d'],
    ['/\ud800', '/%EF%BF%BD'],
  ])('of %j is %s', async (rest, wanted) => {
    expect(await targetOf(rest)).toBe(wanted)
  })

  it('may be long', async () => {
    const long = `/${'x'.repeat(50_000)}?${'y'.repeat(50_000)}`
    expect(await targetOf(long)).toBe(long)
  })
})

it('a URL object will do for a URL', async () => {
  const server = await record()
  const { error } = await get(new URL(`${server.url}/a?b`) as never)
  expect(error).toBeUndefined()
  expect(server.last.target).toBe('/a?b')
})

it('space around a URL is not part of it', async () => {
  const server = await record()
  await get(`  ${server.url}/a  `)
  expect(server.last.target).toBe('/a')
})

it('addressFinder sees the URL with its params', async () => {
  const { found } = await led('http://example.test/a?b=c#d', { queryParams: { e: 'f' } })
  expect([found.hostname, found.pathname, found.protocol]).toEqual(['example.test', '/a', 'http:'])
})

it('an IPv6 address is connected to', async ({ skip }) => {
  const server = await record(() => 'ok', { host: '::1' }).catch(() => undefined)
  if (!server) return skip('no IPv6 here')
  const { error } = await get(`${server.url}/a`)
  expect(error).toBeUndefined()
  expect(server.last.header('host')).toBe(`[::1]:${server.port}`)
})

// Proxies named by variables of the environment, which are read where that is asked for, and whom they leave alone.

import { afterEach, describe, expect, it, vi } from 'vitest'
import { failureOf } from '../support/client-results.js'
import { basic, startForwardProxy } from '../support/forward-proxy.js'
import { mirror, serveNode } from '../support/node-server.js'
import { testClient } from '../support/test-client.js'

const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy']

/** These variables, and none of the others. */
function setEnvironment(variables: Record<string, string>): void {
  for (const name of names) {
    vi.stubEnv(name, undefined)
    vi.stubEnv(name.toUpperCase(), undefined)
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

afterEach(() => void vi.unstubAllEnvs())

/** A proxy that answers itself, and a target; each says its name, and whom it was asked for. */
async function serveBoth() {
  const target = await serveNode((_request, response) => response.end('direct'))
  const proxy = await serveNode((request, response) => response.end(`proxied ${request.url}`))
  proxy.server.on('connect', (_request, socket) => socket.end('HTTP/1.1 418 Proxied\r\n\r\n'))
  const client = testClient({ addressFinder: ({ port }) => ({ host: '127.0.0.1', port: Number(port) }) })
  const get = async (url: string): Promise<string> => {
    const { error, body } = await client.get(url, { proxyFromEnvironment: true, as: 'text' })
    if (error) return error.status === 418 ? 'tunnelled' : error.code
    return (body as string).split(' ')[0]!
  }
  return { target, proxy, client, get }
}

describe('proxyFromEnvironment', () => {
  it.each([
    ['http_proxy', 'proxied'],
    ['all_proxy', 'proxied'],
    ['ALL_PROXY', 'proxied'],
    // It is what CGI makes of a request's Proxy field.
    ['HTTP_PROXY', 'direct'],
    ['https_proxy', 'direct'],
    ['HTTPS_PROXY', 'direct'],
  ])('with %s alone a request for http is %s', async (name, way) => {
    const { target, proxy, get } = await serveBoth()
    setEnvironment({ [name]: proxy.url })
    expect(await get(target.url)).toBe(way)
  })

  it.each([
    ['https_proxy', 'tunnelled'],
    ['HTTPS_PROXY', 'tunnelled'],
    ['all_proxy', 'tunnelled'],
    ['ALL_PROXY', 'tunnelled'],
    // Nothing speaks TLS there.
    ['http_proxy', 'ERR_TLS'],
    ['HTTP_PROXY', 'ERR_TLS'],
  ])('with %s alone a request for https is %s', async (name, way) => {
    const { target, proxy, get } = await serveBoth()
    setEnvironment({ [name]: proxy.url })
    expect(await get(target.url.replace('http', 'https'))).toBe(way)
  })

  it('takes the one for the scheme before the one for all', async () => {
    const { target, proxy, get } = await serveBoth()
    setEnvironment({ http_proxy: proxy.url, all_proxy: 'http://127.0.0.1:1' })
    expect(await get(target.url)).toBe('proxied')
  })

  it('takes one without a scheme, and empty ones for none', async () => {
    const { target, proxy, get } = await serveBoth()
    setEnvironment({ http_proxy: `127.0.0.1:${proxy.port}` })
    expect(await get(target.url)).toBe('proxied')
    setEnvironment({ http_proxy: '' })
    expect(await get(target.url)).toBe('direct')
  })

  it('uses the credentials that are there', async () => {
    const { url } = await serveNode(mirror)
    const proxy = await startForwardProxy({ credentials: 'ann:se:cret' })
    setEnvironment({ http_proxy: proxy.url.replace('http://', 'http://ann:se%3Acret@') })
    expect(await testClient().get(url, { proxyFromEnvironment: true })).toMatchObject({ status: 200 })
    expect(proxy.asked[0]!.headers['proxy-authorization']).toBe(basic('ann:se:cret'))
  })

  it('reads them anew for each request, and for each redirect', async () => {
    const { target, proxy, get, client } = await serveBoth()
    setEnvironment({ http_proxy: proxy.url })
    expect(await get(target.url)).toBe('proxied')
    setEnvironment({})
    expect(await get(target.url)).toBe('direct')
    const first = await serveNode((_request, response) =>
      response.writeHead(302, { Location: target.url.replace('127.0.0.1', 'there.test') }).end(),
    )
    setEnvironment({ http_proxy: proxy.url, no_proxy: '127.0.0.1' })
    const options = { proxyFromEnvironment: true, as: 'text' } as const
    expect(await client.get(first.url, options)).toMatchObject({
      status: 200,
      body: `proxied http://there.test:${target.port}/`,
    })
  })

  it('is only looked at where it is true, and after proxyUrl', async () => {
    const { target, proxy, client } = await serveBoth()
    setEnvironment({ http_proxy: 'http://127.0.0.1:1', all_proxy: 'http://127.0.0.1:1' })
    for (const options of [{}, { proxyFromEnvironment: false }]) {
      expect(await client.get(target.url, { ...options, as: 'text' })).toMatchObject({ body: 'direct' })
    }
    const options = { proxyFromEnvironment: true, proxyUrl: proxy.url, as: 'text' } as const
    expect((await client.get(target.url, options)).body).toMatch(/^proxied/)
  })

  it('is ERR_INVALID_ARGUMENT where a variable is no proxy’s URL', async () => {
    const { target, client } = await serveBoth()
    for (const http_proxy of ['socks5://127.0.0.1:1', 'http://', 'http://a b']) {
      setEnvironment({ http_proxy })
      const error = await failureOf(client.get(target.url, { proxyFromEnvironment: true }))
      expect(error.code).toBe('ERR_INVALID_ARGUMENT')
    }
  })
})

describe('no_proxy', () => {
  const exempt: [exceptions: string, host: string][] = [
    ['*', 'a.test'],
    ['a.test', 'a.test'],
    ['A.Test', 'a.test'],
    ['a.test', 'b.a.test'],
    ['.a.test', 'b.a.test'],
    ['.a.test', 'a.test'],
    ['*.a.test', 'c.b.a.test'],
    ['x.test,a.test', 'a.test'],
    ['x.test, a.test', 'a.test'],
    [' x.test a.test ', 'a.test'],
    ['127.0.0.1', '127.0.0.1'],
    ['localhost', 'localhost'],
    ['::1', '[::1]'],
    ['[::1]', '[::1]'],
    ['a.test:PORT', 'a.test'],
  ]
  const proxied: [exceptions: string, host: string][] = [
    ['', 'a.test'],
    [',', 'a.test'],
    ['b.test', 'a.test'],
    ['a.test', 'aa.test'],
    ['b.a.test', 'a.test'],
    ['a.test:1', 'a.test'],
    ['.0.0.1', '127.0.0.1'],
    ['0.0.1', '127.0.0.1'],
    ['127.0.0.2', '127.0.0.1'],
    ['test.a', 'a.test'],
    ['a*', 'a.test'],
  ]

  it.each(exempt)('%j leaves %s alone', async (exceptions, host) => {
    const { target, proxy, get } = await serveBoth()
    const no_proxy = exceptions.replace('PORT', `${target.port}`)
    setEnvironment({ http_proxy: proxy.url, no_proxy })
    expect(await get(`http://${host}:${target.port}/`)).toBe('direct')
    setEnvironment({ http_proxy: proxy.url, NO_PROXY: no_proxy })
    expect(await get(`http://${host}:${target.port}/`)).toBe('direct')
  })

  it.each(proxied)('%j does not mean %s', async (exceptions, host) => {
    const { target, proxy, get } = await serveBoth()
    setEnvironment({ http_proxy: proxy.url, no_proxy: exceptions })
    expect(await get(`http://${host}:${target.port}/`)).toBe('proxied')
  })
})

// Whose connection a request may use: only one that leads to the same server in the same way.
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { temporaryFolder } from '../support/programs.js'
import { answering, ok, type ScriptedOptions, scriptedServer } from '../support/scripted-server.js'
import { testClient } from '../support/test-client.js'

const serve = (options: ScriptedOptions = {}) =>
  scriptedServer(
    options,
    answering(() => ok()),
  )

describe('a connection is shared by', () => {
  test('all paths, queries and fragments of an origin', async () => {
    const server = await serve()
    const client = testClient()
    for (const path of ['/', '/a', '/a?b=c', '/#d']) await client.get(server.url(path))
    expect(server.accepted).toBe(1)
  })

  test('a host in any case', async () => {
    const server = await serve()
    const client = testClient()
    for (const host of ['LOCALHOST', 'localhost', 'LocalHost']) {
      expect(await client.get(`http://${host}:${server.port}/`)).toMatchObject({ status: 200 })
    }
    expect(server.accepted).toBe(1)
  })

  test('all users of an origin', async () => {
    const server = await serve()
    const client = testClient()
    for (const user of ['', 'a:b@', 'c:d@']) await client.get(`http://${user}127.0.0.1:${server.port}/`)
    expect(server.accepted).toBe(1)
    expect(server.requests.map((request) => request.header('authorization'))).toEqual([
      undefined,
      `Basic ${btoa('a:b')}`,
      `Basic ${btoa('c:d')}`,
    ])
  })
})

describe('a connection is not shared by', () => {
  test('two names of one address', async () => {
    const server = await serve()
    const client = testClient()
    await client.get(`http://127.0.0.1:${server.port}/`)
    await client.get(`http://localhost:${server.port}/`)
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1])
  })

  test('two ports', async () => {
    const servers = [await serve(), await serve()]
    const client = testClient()
    for (const server of servers) await client.get(server.url())
    expect(servers.map(({ accepted }) => accepted)).toEqual([1, 1])
    expect(client.stats().connections).toBe(2)
  })

  test('two clients', async () => {
    const server = await serve()
    for (const client of [testClient(), testClient()]) await client.get(server.url())
    expect(server.accepted).toBe(2)
  })

  test('two Unix sockets', async () => {
    const folder = temporaryFolder()
    const paths = [join(folder, 'a'), join(folder, 'b')]
    const servers = [await serve({ path: paths[0]! }), await serve({ path: paths[1]! })]
    const client = testClient()
    for (let time = 0; time < 2; time++) {
      for (const unixSocket of paths) {
        expect(await client.get('http://localhost/', { unixSocket })).toMatchObject({ status: 200 })
      }
    }
    expect(servers.map(({ accepted, requests }) => [accepted, requests.length])).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('a Unix socket and the host of the same URL', async () => {
    const unixSocket = join(temporaryFolder(), 'a')
    const [byPath, byHost] = [await serve({ path: unixSocket }), await serve()]
    const client = testClient()
    await client.get(byHost.url(), { unixSocket })
    await client.get(byHost.url())
    await client.get(byHost.url(), { unixSocket })
    expect([byPath.requests.length, byHost.requests.length]).toEqual([2, 1])
    expect([byPath.accepted, byHost.accepted]).toEqual([1, 1])
  })

  test('two proxies, nor by one and none', async () => {
    const [server, ...proxies] = [await serve(), await serve(), await serve()]
    const client = testClient()
    const ways = [undefined, ...proxies.map((proxy) => proxy.url())]
    for (let time = 0; time < 2; time++) {
      for (const proxyUrl of ways) {
        const options = proxyUrl === undefined ? {} : { proxyUrl }
        expect(await client.get(server!.url('/x'), options)).toMatchObject({ status: 200 })
      }
    }
    const direct = ['/x', '/x']
    const absolute = direct.map(() => server!.url('/x'))
    const targets = [server!, ...proxies].map(({ requests }) => requests.map(({ target }) => target))
    expect(targets).toEqual([direct, absolute, absolute])
    expect([server!, ...proxies].map(({ accepted }) => accepted)).toEqual([1, 1, 1])
  })

  test('two hosts behind a Unix socket', async () => {
    const unixSocket = join(temporaryFolder(), 'a')
    const server = await serve({ path: unixSocket })
    const client = testClient()
    for (const host of ['a', 'b', 'a']) await client.get(`http://${host}/`, { unixSocket })
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 0])
  })
})

describe.skipIf(!hasOpenssl)('over TLS, a connection', () => {
  const serveTls = async () => {
    const { key, cert } = makeCertificate()
    return { server: await serve({ tls: { key, cert } }), cert }
  }

  test('is shared by those who give the same tls', async () => {
    const { server, cert } = await serveTls()
    const client = testClient()
    const tls = { ca: cert }
    for (let time = 0; time < 3; time++) {
      expect(await client.get(server.url(), { tls })).toMatchObject({ status: 200 })
    }
    expect(server.accepted).toBe(1)
  })

  test('is not shared by those who give another tls, be it equal', async () => {
    const { server, cert } = await serveTls()
    const client = testClient()
    for (let time = 0; time < 2; time++) await client.get(server.url(), { tls: { ca: cert } })
    expect(server.accepted).toBe(2)
  })

  test('that was not verified is not used by those who want it verified', async () => {
    const { server, cert } = await serveTls()
    const client = testClient({ tls: { ca: cert } })
    await client.get(server.url(), { insecure: true })
    await client.get(server.url())
    await client.get(server.url(), { insecure: true })
    await client.get(server.url())
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1, 0, 1])
  })

  test('that was not verified does not make a certificate good', async () => {
    const { server } = await serveTls()
    const client = testClient()
    expect(await client.get(server.url(), { insecure: true })).toMatchObject({ status: 200 })
    expect((await client.get(server.url())).error).toMatchObject({ code: 'ERR_TLS' })
  })

  test('is not shared with those who speak without TLS to the same port', async () => {
    const { server, cert } = await serveTls()
    const client = testClient({ tls: { ca: cert } })
    expect(await client.get(server.url())).toMatchObject({ status: 200 })
    const plain = await client.get(server.url().replace('https:', 'http:'), { idleTimeout: 2000 })
    expect(plain.error).toBeDefined()
    expect(server.requests).toHaveLength(1)
  })
})

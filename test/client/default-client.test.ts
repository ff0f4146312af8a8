// The process's client, and one of one's own: setDefaultClient, the option client, makeClient.
import { afterEach, describe, expect, it } from 'vitest'
import { get, makeClient, post, request, setDefaultClient } from '../../src/client.js'
import { closedPort, record, redirect } from '../support/recording-server.js'

type Client = ReturnType<typeof makeClient>

const original = makeClient({})
afterEach(() => void setDefaultClient(original))

/** A client whose every request goes to one server. */
function clientTo(port: number): Client {
  return makeClient({ addressFinder: () => ({ host: '127.0.0.1', port }) })
}

describe('setDefaultClient', () => {
  it('makes it that of all helpers and of request', async () => {
    const server = await record()
    const client = clientTo(server.port)
    setDefaultClient(client)
    expect(await get('http://nowhere.test/a')).toMatchObject({ status: 200 })
    expect(await post('http://nowhere.test/b', () => 'called')).toBe('called')
    expect(await request({ url: 'http://nowhere.test/c' })).toMatchObject({ status: 200 })
    expect(server.requests.map(({ target }) => target)).toEqual(['/a', '/b', '/c'])
    expect(client.stats().requests).toBe(3)
    setDefaultClient(original)
    await client.close()
  })

  it('takes no request from a client that is named', async () => {
    const [one, two] = [await record(), await record()]
    const [named, standard] = [clientTo(one.port), clientTo(two.port)]
    setDefaultClient(standard)
    await get('http://nowhere.test/', { client: named })
    await named.get('http://nowhere.test/')
    expect([one.requests.length, two.requests.length]).toEqual([2, 0])
    setDefaultClient(original)
    await Promise.all([named.close(), standard.close()])
  })

  it.each([undefined, null, {}, 'client', () => {}, { request() {} }])(
    'throws for what is no client: %s',
    (bad) => {
      expect(() => setDefaultClient(bad as never)).toThrow(
        expect.objectContaining({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' }),
      )
    },
  )

  it('leaves a request that is under way with the one it began with', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const server = await record(async (req) => {
      await gate
      return req.target === '/' ? redirect(302, '/there') : 'ok'
    })
    const client = clientTo(server.port)
    setDefaultClient(client)
    const promise = get('http://nowhere.test/')
    setDefaultClient(clientTo(await closedPort()))
    open()
    expect(await promise).toMatchObject({ status: 200 })
    expect(server.requests).toHaveLength(2)
    await client.close()
  })

  it('that is closed is ERR_CLIENT_CLOSED', async () => {
    const { url } = await record()
    const client = makeClient({})
    setDefaultClient(client)
    await client.close()
    expect(await get(url)).toMatchObject({ error: { code: 'ERR_CLIENT_CLOSED' } })
  })
})

describe('the option client', () => {
  it('stays across redirects', async () => {
    const server = await record((req) =>
      req.target === '/' ? redirect(302, 'http://elsewhere.test/there') : 'ok',
    )
    const client = clientTo(server.port)
    expect(await get('http://nowhere.test/', { client })).toMatchObject({ status: 200 })
    expect(server.requests).toHaveLength(2)
    await client.close()
  })

  it('is handed back', async () => {
    const { url } = await record()
    const client = makeClient({})
    expect((await get(url, { client })).opts.client).toBe(client)
    await client.close()
  })
})

describe('makeClient', () => {
  it('has connections of its own', async () => {
    const server = await record()
    const [one, two] = [makeClient({}), makeClient({})]
    for (const client of [one, two, one, two]) await client.get(server.url)
    expect(server.accepted).toBe(2)
    expect(one.stats()).toMatchObject({ connections: 1, idle: 1, active: 0, queued: 0, requests: 2 })
    await Promise.all([one.close(), two.close()])
    expect(one.stats()).toMatchObject({ connections: 0, idle: 0 })
  })

  it('asks addressFinder for every request, and takes a promise', async () => {
    const server = await record()
    const asked: string[] = []
    const client = makeClient({
      addressFinder: async (url: URL) => {
        asked.push(url.href)
        return { host: '127.0.0.1', port: server.port }
      },
    })
    await client.get('http://a.test/x?y')
    await client.get('http://b.test:81/')
    expect(asked).toEqual(['http://a.test/x?y', 'http://b.test:81/'])
    expect(server.requests.map((req) => req.header('host'))).toEqual(['a.test', 'b.test:81'])
    await client.close()
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('makes the request fail where addressFinder %s', async (_, addressFinder) => {
    const client = makeClient({ addressFinder: addressFinder as never })
    const { error } = await client.get('http://a.test/')
    expect(error).toMatchObject({ name: 'HttpKitError', cause: { message: 'mine' } })
    await client.close()
  })

  it.each([
    undefined,
    null,
    {},
    'a.test',
    { host: 1 },
    { host: 'a', port: 'x' },
    { host: 'a', port: 70_000 },
  ])('makes the request fail where addressFinder gives %j', async (address) => {
    const client = makeClient({ addressFinder: (() => address) as never })
    expect((await client.get('http://a.test/')).error).toMatchObject({ name: 'HttpKitError' })
    await client.close()
  })
})

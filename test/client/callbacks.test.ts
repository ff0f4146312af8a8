// Callbacks: what they are given, what becomes of what they return or throw, and where they run.
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it, vi } from 'vitest'
import { type ClientResponse, get, HttpKitError, makeClient, post, request } from '../../src/client.js'
import { closedPort, record } from '../support/recording-server.js'

describe('a callback', () => {
  it('is given the response, once', async () => {
    const { url } = await record(() => ({ headers: { 'Content-Type': 'text/plain' }, body: 'hi' }))
    const callback = vi.fn()
    await get(url, { mine: 1 } as never, callback)
    expect(callback).toHaveBeenCalledTimes(1)
    const [response] = callback.mock.calls[0] as [ClientResponse]
    expect(response).toMatchObject({ status: 200, body: 'hi', opts: { mine: 1, url } })
    expect(response.headers).toMatchObject({ 'content-type': 'text/plain' })
  })

  it('may be the third argument, the second, or that of request', async () => {
    const { url } = await record()
    expect(await get(url, { as: 'text' }, ({ body }) => `third ${body}`)).toBe('third ok')
    expect(await get(url, ({ status }) => `second ${status}`)).toBe('second 200')
    expect(await request({ url, as: 'text' }, ({ body }) => `of request ${body}`)).toBe('of request ok')
  })

  it.each<[string, (ok: string, refused: string) => Promise<unknown>, string]>([
    ['nobody listens', (_, refused) => get(refused, code), 'ERR_CONNECT'],
    ['an option is bad', (ok) => get(ok, { as: 'mist' as never }, code), 'ERR_INVALID_ARGUMENT'],
    ['there is no URL', () => request({} as never, code), 'ERR_INVALID_ARGUMENT'],
  ])('is given the error where %s', async (_, ask, wanted) => {
    const { url } = await record()
    expect(await ask(url, `http://127.0.0.1:${await closedPort()}`)).toBe(wanted)
  })

  it('never runs before the call has returned', async () => {
    const order: string[] = []
    const promise = get('no url', () => void order.push('callback'))
    order.push('returned')
    await promise
    expect(order).toEqual(['returned', 'callback'])
  })

  it.each<[string, unknown]>([
    ['a string', 'done'],
    ['undefined', undefined],
    ['null', null],
    ['a map with an error', { error: 1 }],
    ['a function', Math.max],
    ['an Error', new Error('returned')],
  ])('makes the promise resolve to what it returns: %s', async (_, value) => {
    const { url } = await record()
    expect(await (get(url, () => value) as Promise<unknown>)).toBe(value)
  })

  it('that returns a promise is waited for', async () => {
    const { url } = await record()
    const slow = async ({ status }: ClientResponse): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return status! + 1
    }
    expect(await get(url, slow)).toBe(201)
  })

  it('that returns a thenable is waited for', async () => {
    const { url } = await record()
    // biome-ignore lint/suspicious/noThenProperty: that is what it is about
    const thenable = { then: (settle: (value: string) => void) => settle('then') } as PromiseLike<string>
    expect(await get(url, () => thenable)).toBe('then')
  })

  it('may be an async function that asks again', async () => {
    const { url } = await record((req) => req.target.slice(1))
    const body = await get(`${url}/one`, { as: 'text' }, async ({ body: first }) => {
      const { body: second } = await get(`${url}/two`, { as: 'text' })
      return `${first} ${second}`
    })
    expect(body).toBe('one two')
  })

  const thrown: [string, unknown][] = [
    ['an Error', new Error('mine')],
    ['a TypeError', new TypeError('mine')],
    ['a string', 'mine'],
    ['null', null],
    ['an object', { mine: true }],
  ]

  // As it was thrown, as in http-kit; only what is no error is made one.
  function expectThrown(error: unknown, thrown: unknown): void {
    if (thrown instanceof Error) return expect(error).toBe(thrown)
    expect(error).toMatchObject({ name: 'HttpKitError', code: 'ERR_CALLBACK' })
    expect((error as Error).cause).toBe(thrown)
  }

  it.each(thrown)('that throws %s gives opts, and it as the error', async (_, cause) => {
    const { url } = await record()
    const response = await get(url, { mine: 1 } as never, () => {
      throw cause
    })
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expectThrown(response.error, cause)
    expect(response.opts).toMatchObject({ mine: 1, url })
  })

  it.each(thrown)('whose promise rejects with %s gives the same', async (_, cause) => {
    const { url } = await record()
    const response = await (get(url, { mine: 1 }, () => Promise.reject(cause)) as Promise<ClientResponse>)
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expectThrown(response.error, cause)
    expect(response.opts).toMatchObject({ mine: 1, url })
  })

  it('that throws an HttpKitError gives that very error', async () => {
    const { url } = await record()
    const own = new HttpKitError('ERR_ABORTED', 'mine')
    const throwing = await get(url, () => {
      throw own
    })
    const rejecting = await get(url, () => Promise.reject(own))
    expect(throwing.error).toBe(own)
    expect(rejecting.error).toBe(own)
  })

  it('that throws is not called again, and harms no other request', async () => {
    const server = await record()
    const callback = vi.fn(() => {
      throw new Error('mine')
    })
    await get(server.url, callback)
    await get(server.url)
    expect(callback).toHaveBeenCalledTimes(1)
    expect(server.requests).toHaveLength(2)
    expect(server.accepted).toBe(1)
  })

  it.each([42, 'text', {}, null, Symbol('x')])(
    'that is no function (%s) is ERR_INVALID_ARGUMENT',
    async (bad) => {
      const server = await record()
      const { error } = (await get(server.url, {}, bad as never)) as ClientResponse
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
      expect(server.accepted).toBe(0)
    },
  )
})

function code({ error }: ClientResponse): string | undefined {
  return error?.code
}

describe('a callback runs where the request was made (AsyncLocalStorage)', () => {
  const storage = new AsyncLocalStorage<string>()

  it('on a new connection, on one of the pool, and many at a time', async () => {
    const { url } = await record()
    const client = makeClient({ maxConnections: 2 })
    const seen = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        storage.run(`context ${n}`, () => client.get(url, () => storage.getStore())),
      ),
    )
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `context ${n}`))
    await client.close()
  })

  it('where the body is waited for, decoded, or redirected', async () => {
    const { url } = await record((req) =>
      req.target === '/' ? { status: 302, headers: { Location: '/there' } } : { body: ['a', 'b'] },
    )
    for (const context of ['one', 'two']) {
      const seen = await storage.run(context, () =>
        post(url, { body: 'x', as: 'text' }, () => storage.getStore()),
      )
      expect(seen).toBe(context)
    }
  })

  it('where the request fails', async () => {
    const port = await closedPort()
    const seen = await storage.run('mine', () =>
      Promise.all([
        get(`http://127.0.0.1:${port}/`, () => storage.getStore()),
        get('no url', () => storage.getStore()),
      ]),
    )
    expect(seen).toEqual(['mine', 'mine'])
  })

  it('and so do filters and those that are told of progress', async () => {
    const { url } = await record(() => ({ body: ['a', 'b'] }))
    await get(url, { as: 'text' })
    const seen = new Set<string | undefined>()
    const look = (): true => {
      seen.add(storage.getStore())
      return true
    }
    await storage.run('mine', () =>
      post(url, {
        body: 'x',
        as: 'text',
        filter: { accept: look, acceptBody: look },
        onUploadProgress: look,
        onDownloadProgress: look,
      }),
    )
    expect([...seen]).toEqual(['mine'])
  })

  it('also in functions that are asked for a body', async () => {
    const { url } = await record()
    await get(url) // so that the connection is another context's
    const seen: (string | undefined)[] = []
    async function* body(): AsyncGenerator<string> {
      seen.push(storage.getStore())
      yield 'x'
    }
    await storage.run('mine', () => post(url, { body: body() }))
    expect(seen).toEqual(['mine'])
  })
})

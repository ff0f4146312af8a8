// withFakeHttp: answers that nobody sends, for the tests of those who use the client.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type ClientResponse,
  get,
  head,
  makeClient,
  openWebSocket,
  post,
  put,
  request,
} from '../../src/client.js'
import { withFakeHttp } from '../../src/fake.js'
import { serve } from '../support/raw-peer.js'
import { record } from '../support/recording-server.js'
import { deferred } from '../support/waiting.js'

type Routes = Parameters<typeof withFakeHttp>[0]

const URL_A = 'http://fake.test/a'

/** What comes of one request, with these routes. */
async function answered(routes: unknown, options: object = {}): Promise<ClientResponse> {
  return withFakeHttp(routes as Routes, () => request({ url: URL_A, ...options }))
}

async function matches(matcher: unknown, options: object = {}): Promise<boolean> {
  const { error, body } = await answered([[matcher, 'matched']], options)
  if (error) expect(error.code).toBe('ERR_FAKE_UNMATCHED')
  else expect(body).toBe('matched')
  return error === undefined
}

describe('a matcher', () => {
  it.each<[string, boolean]>([
    [URL_A, true],
    ['http://fake.test/b', false],
    ['http://fake.test/', false],
    ['http://fake.test/ab', false],
    ['fake.test', false],
  ])('that is a text is a URL: %s %s', async (matcher, wanted) => {
    expect(await matches(matcher)).toBe(wanted)
  })

  it.each<[RegExp, boolean]>([
    [/fake/, true],
    [/^http:\/\/fake\.test\/a$/, true],
    [/b$/, false],
  ])('that is a RegExp is looked for in the URL: %s %s', async (matcher, wanted) => {
    expect(await matches(matcher)).toBe(wanted)
  })

  it('may be a RegExp with a memory, which is not kept', async () => {
    const seen = await withFakeHttp([[/fake/g, 'matched']], async () => [
      (await get(URL_A)).body,
      (await get(URL_A)).body,
      (await get(URL_A)).body,
    ])
    expect(seen).toEqual(['matched', 'matched', 'matched'])
  })

  it.each<[object, object, boolean]>([
    [{ method: 'post' }, { method: 'post' }, true],
    [{ method: 'post' }, { method: 'POST' }, true],
    [{ method: 'post' }, { method: 'get' }, false],
    [{ url: URL_A, method: 'get' }, {}, true],
    [{ url: /a$/, method: /^p/i }, { method: 'put' }, true],
    [{ url: /a$/, method: /^p/i }, { method: 'get' }, false],
    [{ url: /b$/, method: /^p/i }, { method: 'put' }, false],
    [{ mine: 1 }, { mine: 1 }, true],
    [{ mine: 1 }, { mine: '1' }, false],
    [{ mine: 1 }, {}, false],
    [{ body: /needle/ }, { body: 'hay needle hay' }, true],
    [{ body: /needle/ }, {}, false],
    [{}, {}, true],
  ])('that is a map compares options: %j, %j: %s', async (matcher, options, wanted) => {
    expect(await matches(matcher, options)).toBe(wanted)
  })

  it('may compare maps in options', async () => {
    expect(await matches({ queryParams: { a: [1] } }, { queryParams: { a: [1] } })).toBe(true)
    expect(await matches({ queryParams: { a: [1] } }, { queryParams: { a: [2] } })).toBe(false)
  })

  it('may be a function of the options', async () => {
    const matcher = vi.fn(({ mine }: { mine?: number }) => mine === 1)
    expect(await matches(matcher, { mine: 1 })).toBe(true)
    expect(await matches(matcher, { mine: 2 })).toBe(false)
    expect(matcher).toHaveBeenCalledWith(expect.objectContaining({ url: URL_A, mine: 1 }))
  })

  it('before another wins', async () => {
    const routes = [
      [/a$/, 'first'],
      [URL_A, 'second'],
      [/./, 'third'],
    ]
    expect((await answered(routes)).body).toBe('first')
    expect((await answered(routes, { url: 'http://fake.test/c' })).body).toBe('third')
  })
})

describe('an answer', () => {
  it('that is a text is the body of a 200 of HTML', async () => {
    const response = await answered([[URL_A, 'hé']])
    expect(response).toMatchObject({ status: 200, body: 'hé', opts: { url: URL_A } })
    expect(response.headers!['content-type']).toMatch(/^text\/html/)
    expect(response.error).toBeUndefined()
  })

  it.each([200, 204, 404, 503])('that is a number is a status: %i', async (status) => {
    expect(await answered([[URL_A, status]])).toMatchObject({ status, body: '' })
  })

  it('that is a map is the response', async () => {
    const response = await answered([
      [
        URL_A,
        {
          status: 201,
          headers: { 'Content-Type': 'application/json', 'X-One': ['1', '2'] },
          body: '{"a":1}',
        },
      ],
    ])
    expect(response).toMatchObject({
      status: 201,
      headers: { 'content-type': 'application/json', 'x-one': ['1', '2'] },
      body: '{"a":1}',
    })
  })

  it('that is a map may lack anything', async () => {
    expect(await answered([[URL_A, {}]])).toMatchObject({ status: 200, body: '' })
    expect(await answered([[URL_A, { status: 404 }]])).toMatchObject({ status: 404 })
    expect(await answered([[URL_A, { body: 'x' }]])).toMatchObject({ status: 200, body: 'x' })
  })

  it('that is a map with an error is a failure', async () => {
    const error = new Error('mine')
    const response = await answered([[URL_A, { error }]])
    expect(response.status).toBeUndefined()
    expect([response.error, response.error?.cause]).toContain(error)
  })

  it('may be a function of the options', async () => {
    const answer = vi.fn(({ mine }: { mine?: number }) => ({ body: `mine is ${mine}` }))
    expect(await answered([[URL_A, answer]], { mine: 7 })).toMatchObject({ status: 200, body: 'mine is 7' })
    expect(answer).toHaveBeenCalledTimes(1)
  })

  it.each<[string, () => unknown, object]>([
    ['a text', () => 'text', { status: 200, body: 'text' }],
    ['a status', () => 418, { status: 418 }],
    ['a promise of a map', async () => ({ status: 202, body: 'later' }), { status: 202, body: 'later' }],
    ['a promise of a text', async () => 'later', { status: 200, body: 'later' }],
    ['deny', () => 'deny', { error: { code: 'ERR_FAKE_DENIED' } }],
  ])('of a function may be %s', async (_, answer, wanted) => {
    expect(await answered([[URL_A, answer]])).toMatchObject(wanted)
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('of a function that %s is an error', async (_, answer) => {
    const response = await answered([[URL_A, answer]])
    expect(response.error).toMatchObject({ name: 'HttpKitError', cause: { message: 'mine' } })
    expect(response.opts).toMatchObject({ url: URL_A })
  })

  it('is not shared: what one response becomes does nothing to the next', async () => {
    const bodies = await withFakeHttp([[URL_A, { headers: { 'X-One': '1' }, body: 'x' }]], async () => {
      const first = await get(URL_A)
      first.headers!['x-one'] = 'changed'
      return (await get(URL_A)).headers!['x-one']
    })
    expect(bodies).toBe('1')
  })
})

describe('allow and deny', () => {
  it('allow really sends', async () => {
    const server = await record(() => ({
      status: 201,
      headers: { 'Content-Type': 'text/plain' },
      body: 'real',
    }))
    const response = await withFakeHttp([[/127/, 'allow']], () =>
      get(`${server.url}/p`, { headers: { 'X-One': '1' } }),
    )
    expect(response).toMatchObject({ status: 201, body: 'real' })
    expect([server.last.target, server.last.header('x-one')]).toEqual(['/p', '1'])
  })

  it('deny is ERR_FAKE_DENIED, and sends nothing', async () => {
    const server = await record()
    const response = await withFakeHttp([[/./, 'deny']], () => get(server.url))
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expect(response.error).toMatchObject({ name: 'HttpKitError', code: 'ERR_FAKE_DENIED' })
    expect(server.accepted).toBe(0)
  })

  it('no route is ERR_FAKE_UNMATCHED, and sends nothing', async () => {
    const server = await record()
    for (const routes of [[], [['http://other.test/', 'x']]] as Routes[]) {
      const response = await withFakeHttp(routes, () => get(server.url, { mine: 1 }))
      expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
      expect(response.error).toMatchObject({ name: 'HttpKitError', code: 'ERR_FAKE_UNMATCHED' })
      expect(response.opts).toMatchObject({ url: server.url, mine: 1 })
    }
    expect(server.accepted).toBe(0)
  })
})

describe('a faked response', () => {
  it('goes through the callback', async () => {
    const seen = await withFakeHttp([[URL_A, 'x']], () =>
      get(URL_A, ({ body, status }) => `${status} ${body}`),
    )
    expect(seen).toBe('200 x')
  })

  it('whose callback throws is an error', async () => {
    const { error } = await withFakeHttp([[URL_A, 'x']], () =>
      get(URL_A, () => {
        throw new Error('mine')
      }),
    )
    expect(error).toMatchObject({ message: 'mine' })
  })

  it('has a promise like any other', async () => {
    await withFakeHttp([[URL_A, 404]], async () => {
      const promise = get(URL_A)
      expect(promise).toBeInstanceOf(Promise)
      expect(promise.realized).toBe(false)
      expect(await promise.deref(10_000, undefined)).toMatchObject({ status: 404 })
      expect(promise.realized).toBe(true)
      expect(await promise.unwrap()).toMatchObject({ status: 404 })
      await expect(get('http://other.test').unwrap()).rejects.toMatchObject({ code: 'ERR_FAKE_UNMATCHED' })
    })
  })

  it('has its body as it is wanted', async () => {
    await withFakeHttp([[URL_A, 'hé']], async () => {
      expect((await get(URL_A, { as: 'text' })).body).toBe('hé')
      for (const as of ['byteArray', 'rawByteArray', 'none'] as const) {
        const { body } = await get(URL_A, { as })
        expect(body).toBeInstanceOf(Uint8Array)
        expect(Buffer.from(body as Uint8Array).toString()).toBe('hé')
      }
      const { body } = await get(URL_A, { as: 'stream' })
      expect(body).toBeInstanceOf(ReadableStream)
      expect(await new Response(body as ReadableStream).text()).toBe('hé')
    })
  })

  it.each<[string, unknown]>([
    ['bytes', Buffer.from('hé')],
    ['a stream', new Blob(['hé']).stream()],
    ['an array', ['h', 'é']],
  ])('may be made of %s', async (_, body) => {
    expect((await answered([[URL_A, { body }]], { as: 'text' })).body).toBe('hé')
  })

  it('has no text where its type is none', async () => {
    const { body } = await answered([[URL_A, { headers: { 'Content-Type': 'image/png' }, body: 'x' }]])
    expect(body).toBeInstanceOf(ReadableStream)
  })

  it('to HEAD has no body', async () => {
    expect(await withFakeHttp([[URL_A, 'x']], () => head(URL_A))).toMatchObject({ status: 200, body: '' })
  })

  it('keeps state in opts', async () => {
    const state = {}
    const { opts } = await withFakeHttp([[URL_A, 'x']], () => post(URL_A, { state, body: 'y' }))
    expect(opts.state).toBe(state)
    expect(opts).toMatchObject({ url: URL_A, body: 'y' })
  })
})

describe('the fake', () => {
  it('is in place while fn runs, in all that it awaits and starts', async () => {
    await withFakeHttp([[URL_A, 'fake']], async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect((await get(URL_A)).body).toBe('fake')
      expect((await Promise.all([get(URL_A), put(URL_A)])).map(({ body }) => body)).toEqual(['fake', 'fake'])
      const started = deferred<ClientResponse>()
      setImmediate(() => void get(URL_A, started.resolve))
      expect((await started.promise).body).toBe('fake')
    })
  })

  it('is gone for what was started within, and asks later', async () => {
    const server = await record(() => 'real')
    const started = deferred<ClientResponse>()
    await withFakeHttp([[/./, 'fake']], async () => {
      setTimeout(() => void get(server.url, { as: 'text' }, started.resolve), 10)
    })
    expect((await started.promise).body).toBe('real')
  })

  it('gives back what fn returns', async () => {
    const object = {}
    expect(await withFakeHttp([], () => object)).toBe(object)
    expect(await withFakeHttp([], async () => object)).toBe(object)
    expect(await withFakeHttp([], () => undefined)).toBeUndefined()
  })

  it('is gone afterwards', async () => {
    const server = await record(() => 'real')
    await withFakeHttp([[/./, 'fake']], async () => {
      expect((await get(server.url, { as: 'text' })).body).toBe('fake')
    })
    expect((await get(server.url, { as: 'text' })).body).toBe('real')
  })

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
    [
      'rejects later',
      async () => {
        await get(URL_A)
        throw new Error('mine')
      },
    ],
  ])('is gone where fn %s, whose error is passed on', async (_, fn) => {
    const server = await record(() => 'real')
    await expect((async () => withFakeHttp([[/./, 'fake']], fn))()).rejects.toThrow('mine')
    expect((await get(server.url, { as: 'text' })).body).toBe('real')
  })

  it('within another is the one that counts, and the other is back behind it', async () => {
    const bodies = await withFakeHttp([[/./, 'outer']], async () => {
      const before = (await get(URL_A)).body
      const within = await withFakeHttp([[/./, 'inner']], async () => (await get(URL_A)).body)
      const unmatched = await withFakeHttp([], async () => (await get(URL_A)).error?.code)
      return [before, within, unmatched, (await get(URL_A)).body]
    })
    expect(bodies).toEqual(['outer', 'inner', 'ERR_FAKE_UNMATCHED', 'outer'])
  })

  it('is gone for what a function that returns at once has started', async () => {
    const server = await record(() => 'real')
    const started = deferred<ClientResponse>()
    withFakeHttp([[/./, 'fake']], () => {
      setTimeout(() => void get(server.url, { as: 'text' }, started.resolve), 0)
    })
    expect((await started.promise).body).toBe('real')
  })

  it('within another gives way to it, for what was started within, and asks later', async () => {
    const body = await withFakeHttp([[/./, 'outer']], async () => {
      const started = deferred<ClientResponse>()
      await withFakeHttp([[/./, 'inner']], async () => {
        setTimeout(() => void get(URL_A, started.resolve), 10)
      })
      return (await started.promise).body
    })
    expect(body).toBe('outer')
  })

  it('is seen by nobody else, however many run', async () => {
    const server = await record(() => 'real')
    const fakes = Array.from({ length: 20 }, (_, n) =>
      withFakeHttp([[/./, `fake ${n}`]], async () => {
        const bodies = []
        for (let turn = 0; turn < 5; turn++) {
          await new Promise((resolve) => setTimeout(resolve, (n + turn) % 3))
          bodies.push((await get(server.url)).body)
        }
        return new Set(bodies)
      }),
    )
    const outside = get(server.url, { as: 'text' })
    expect(await Promise.all(fakes)).toEqual(Array.from({ length: 20 }, (_, n) => new Set([`fake ${n}`])))
    expect((await outside).body).toBe('real')
    expect(server.requests).toHaveLength(1)
  })

  it('does not disturb a request that began before it', async () => {
    const gate = deferred()
    const server = await record(async (req) => {
      await gate.promise
      return req.target === '/' ? { status: 302, headers: { Location: '/there' } } : 'real'
    })
    const promise = get(`${server.url}/`, { as: 'text' })
    await withFakeHttp([[/./, 'fake']], async () => {
      gate.resolve()
      expect((await promise).body).toBe('real')
    })
  })

  it('stands before clients of one’s own, too', async () => {
    const server = await record(() => 'real')
    const client = makeClient({})
    onTestFinished(() => client.close())
    await withFakeHttp([[/./, 'fake']], async () => {
      expect((await client.get(server.url)).body).toBe('fake')
      expect((await get(server.url, { client })).body).toBe('fake')
    })
    expect(server.accepted).toBe(0)
  })

  it('does not stand before WebSockets', async () => {
    const { asChannel } = await import('../../src/server.js')
    const server = await serve((req) =>
      asChannel(req, { onReceive: (channel, message) => void channel.send(message) }),
    )
    const echoed = deferred<unknown>()
    await withFakeHttp([[/./, 'deny']], async () => {
      const channel = await openWebSocket(`ws://127.0.0.1:${server.port}/`, {
        onReceive: (_, message) => echoed.resolve(message),
      })
      channel.send('hello')
      expect(await echoed.promise).toBe('hello')
      channel.close()
    })
  })

  it('throws for what is no list of routes, before it runs anything', () => {
    const fn = vi.fn(() => get('http://a'))
    expect(() => withFakeHttp(undefined as never, fn)).toThrow()
    expect(fn).not.toHaveBeenCalled()
  })
})

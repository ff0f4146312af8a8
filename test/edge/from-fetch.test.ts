// A fetch handler as a Ring handler: the Request that it is given, the map that its Response becomes, and through toFetch the
// very same requests and responses.
import { describe, expect, test } from 'vitest'
import {
  type Channel,
  type FetchApp,
  fromFetch,
  type RingRequest,
  type RingResponse,
  toFetch,
} from '../../src/edge.js'
import {
  bakesCookies,
  behindFetch,
  headerValue,
  piecesIn,
  requestOf,
  textStream,
  watchedStream,
} from '../support/behind-fetch.js'

const encoder = new TextEncoder()

/** A request map as our server makes them. */
function mapOf(parts: Partial<RingRequest> = {}): RingRequest {
  return {
    serverPort: 80,
    serverName: 'h',
    remoteAddr: '192.0.2.1',
    uri: '/',
    queryString: undefined,
    scheme: 'http',
    requestMethod: 'get',
    protocol: 'HTTP/1.1',
    headers: {},
    contentType: undefined,
    contentLength: undefined,
    characterEncoding: undefined,
    body: undefined,
    websocket: false,
    asyncChannel: { closed: new Promise(() => {}), isOpen: true } as unknown as Channel,
    startTime: 0,
    ...parts,
  }
}

async function requestFor(parts: Partial<RingRequest>): Promise<Request> {
  let seen: Request | undefined
  const app: FetchApp = (request) => {
    seen = request
    return new Response()
  }
  await fromFetch(app)(mapOf(parts))
  return seen!
}

async function mapFrom(response: Response): Promise<RingResponse> {
  return fromFetch(() => response)(mapOf())
}

describe('the Request', () => {
  test.each<[parts: Partial<RingRequest>, url: string]>([
    [{}, 'http://h/'],
    [{ uri: '/a%20b/c', queryString: 'd=%C3%A9&e' }, 'http://h/a%20b/c?d=%C3%A9&e'],
    [{ queryString: '' }, 'http://h/?'],
    [{ serverPort: 8090 }, 'http://h:8090/'],
    [{ scheme: 'https', serverPort: 443 }, 'https://h/'],
    [{ scheme: 'https', serverPort: 80 }, 'https://h:80/'],
    [{ serverPort: 443 }, 'http://h:443/'],
    [{ serverName: '[::1]', serverPort: 81 }, 'http://[::1]:81/'],
    [{ serverName: '::1', serverPort: 81 }, 'http://[::1]:81/'],
    [{ uri: '//other.example/x' }, 'http://h//other.example/x'],
    [{ uri: '/:80/@x' }, 'http://h/:80/@x'],
    [{ uri: '*', requestMethod: 'options' }, 'http://h/'],
  ])('for %j has the URL %s', async (parts, url) => {
    expect((await requestFor(parts)).url).toBe(url)
  })

  test.each(['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'propfind'])(
    'of %s has that method',
    async (requestMethod) => {
      expect((await requestFor({ requestMethod })).method).toBe(requestMethod.toUpperCase())
    },
  )

  test('has the headers', async () => {
    const { headers } = await requestFor({
      headers: { 'x-a': '1, 2', 'x-empty': '', 'x-bytes': '\xc3\xa9\xff' },
    })
    expect([headers.get('x-a'), headers.get('x-empty'), headers.get('x-bytes')]).toEqual([
      '1, 2',
      '',
      '\xc3\xa9\xff',
    ])
  })

  test('has no body where there is none', async () => {
    expect((await requestFor({})).body).toBe(null)
    expect((await requestFor({ requestMethod: 'post' })).body).toBe(null)
  })

  test.each(['get', 'head'])('of %s has no body, even where the client sent one', async (requestMethod) => {
    let isRead = false
    const body = {
      stream() {
        isRead = true
        return textStream('x')
      },
    } as RingRequest['body']
    expect((await requestFor({ requestMethod, body })).body).toBe(null)
    expect(isRead).toBe(false)
  })

  test('comes with the map, and with what promises are told to', async () => {
    const map = mapOf()
    let given: unknown[] = []
    await fromFetch((...all) => {
      given = all
      return new Response()
    })(map)
    expect(given[1]).toBe(map)
    expect(given[2]).toMatchObject({
      waitUntil: expect.any(Function),
      passThroughOnException: expect.any(Function),
    })
  })

  test.each(['connect', 'trace', 'track'])('cannot have the method %s: 501', async (requestMethod) => {
    let calls = 0
    const handler = fromFetch(() => {
      calls++
      return new Response()
    })
    expect([await handler(mapOf({ requestMethod })), calls]).toEqual([{ status: 501 }, 0])
  })

  test.each(['a%', 'a<b', '[zz]'])('cannot have the host %s: 400', async (serverName) => {
    expect(await fromFetch(() => new Response())(mapOf({ serverName }))).toEqual({ status: 400 })
  })
})

describe('the response map', () => {
  test('has the status, the headers and the body', async () => {
    const { status, headers, body } = await mapFrom(
      new Response('x', { status: 201, headers: { 'X-A': 'b' } }),
    )
    expect([status, headers?.['x-a'], await new Response(body as ReadableStream).text()]).toEqual([
      201,
      'b',
      'x',
    ])
  })

  test.skipIf(!bakesCookies)('has a list of cookies where there are more than one', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2, 3'],
    ])
    expect((await mapFrom(new Response(null, { headers }))).headers).toMatchObject({
      'set-cookie': ['a=1', 'b=2, 3'],
    })
  })

  test.each(['é', '☕ plain', 'plain'])('has the bytes of a header as the text %s', async (text) => {
    const response = new Response(null, { headers: { 'x-a': headerValue(text) } })
    expect((await mapFrom(response)).headers).toEqual({ 'x-a': text })
  })

  test('has bytes that are no UTF-8 as characters', async () => {
    const response = new Response(null, { headers: { 'x-a': '\xe9' } })
    expect((await mapFrom(response)).headers).toEqual({ 'x-a': 'é' })
  })

  test.each([204, 205, 304])('of %i has no body', async (status) => {
    expect(await mapFrom(new Response(null, { status }))).toMatchObject({ status, body: null })
  })

  test.each<[name: string, response: unknown]>([
    ['Response.error()', Response.error()],
    ['nothing', undefined],
    ['null', null],
    ['a string', 'x'],
  ])('cannot be made of %s', async (_name, response) => {
    await expect(mapFrom(response as Response)).rejects.toThrow(/no Response/)
  })
})

describe('an app', () => {
  test('is a function, or has one as fetch, which is called as its own', async () => {
    class App {
      greeting = 'hi'
      fetch() {
        return new Response(this.greeting)
      }
    }
    for (const app of [() => new Response('hi'), new App(), { fetch: async () => new Response('hi') }]) {
      const { fetch } = behindFetch(fromFetch(app))
      expect(await (await fetch()).text()).toBe('hi')
    }
  })

  test.each([undefined, null, {}, 'app', { fetch: 5 }])('cannot be %j', (app) => {
    expect(() => fromFetch(app as never)).toThrow(TypeError)
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
    ],
    ['rejects', () => Promise.reject(new Error('boom'))],
  ])('that %s is a handler that fails', async (_name, app) => {
    const { fetch, errors } = behindFetch(fromFetch(app as FetchApp))
    expect([(await fetch()).status, errors]).toMatchObject([500, [{ error: { message: 'boom' } }]])
  })

  test('may have promises go on after its answer, which may fail', async () => {
    const told: unknown[] = []
    const real = console.error
    console.error = (...all) => void told.push(...all)
    try {
      const { fetch } = behindFetch(
        fromFetch((_request, _env, context) => {
          context.waitUntil(Promise.reject(new Error('later')))
          context.waitUntil(Promise.resolve())
          context.passThroughOnException()
          return new Response('now')
        }),
      )
      expect(await (await fetch()).text()).toBe('now')
      await expect.poll(() => told).toMatchObject([{ message: 'later' }])
    } finally {
      console.error = real
    }
  })
})

describe('request.signal', () => {
  test('is not aborted by an answer that is whole', async () => {
    let signal!: AbortSignal
    const { fetch } = behindFetch(
      fromFetch((request) => {
        signal = request.signal
        return new Response('x')
      }),
    )
    await (await fetch()).text()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(signal.aborted).toBe(false)
  })

  test('is aborted when the client leaves an answer that streams', async () => {
    let signal!: AbortSignal
    const source = watchedStream(() => encoder.encode('x'))
    const { fetch, errors } = behindFetch(
      fromFetch((request) => {
        signal = request.signal
        return new Response(source.stream)
      }),
    )
    const pieces = piecesIn(await fetch())
    await pieces.next()
    expect(signal.aborted).toBe(false)
    await pieces.cancel()
    await expect.poll(() => signal.aborted).toBe(true)
    expect(source.cancelled).not.toBe(undefined)
    expect(errors).toEqual([])
  })
})

describe('toFetch(fromFetch(app)) streams', () => {
  const through = (app: FetchApp) => behindFetch(fromFetch(app)).fetch

  test('both ways at once', async () => {
    let controller!: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
    const response = await through((request) => new Response(request.body))('/', { method: 'POST', body })
    const pieces = piecesIn(response)
    for (const piece of ['one', 'two']) {
      controller.enqueue(encoder.encode(piece))
      expect(await pieces.next()).toBe(piece)
    }
    controller.close()
    expect(await pieces.next()).toBe(undefined)
  })

  test('no faster than the app reads', async () => {
    const source = watchedStream(() => new Uint8Array(10))
    const fetch = toFetch(
      fromFetch(async (request) => {
        const reader = request.body!.getReader()
        for (let count = 0; count < 5; count++) await reader.read()
        for (let count = 0; count < 20; count++) await new Promise((resolve) => setTimeout(resolve))
        await reader.cancel()
        return new Response()
      }),
    )
    await fetch(requestOf('/', { method: 'POST', body: source.stream }))
    expect(source.pulls).toBeLessThanOrEqual(5 + 4)
    expect(source.cancelled).not.toBe(undefined)
  })

  test('and fails where the app’s body does', async () => {
    const broken = watchedStream((index) => {
      if (index > 0) throw new Error('no more')
      return encoder.encode('good')
    })
    const { fetch, errors } = behindFetch(fromFetch(() => new Response(broken.stream)))
    const pieces = piecesIn(await fetch())
    expect(await pieces.next()).toBe('good')
    await expect(pieces.next()).rejects.toThrow()
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining('no more') } }])
  })
})

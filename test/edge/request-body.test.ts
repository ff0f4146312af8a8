// A request's body behind a platform's server: read once, in whichever way, no faster than the handler reads, and held to
// maxBody.
import { describe, expect, test } from 'vitest'
import { asChannel, type Handler, type RequestBody } from '../../src/edge.js'
import { behindFetch, piecesIn, requestOf, textStream, watchedStream } from '../support/behind-fetch.js'

type Read = (body: RequestBody) => Promise<unknown>

const encoder = new TextEncoder()

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of pieces) text += decoder.decode(piece, { stream: true })
  return text + decoder.decode()
}

async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value
}

const ways: [name: string, read: (body: RequestBody) => Promise<string>][] = [
  ['bytes()', async (body) => new TextDecoder().decode(await body.bytes())],
  ['text()', (body) => body.text()],
  ['json()', async (body) => JSON.stringify(await body.json())],
  ['stream()', (body) => textOf(piecesOf(body.stream()))],
  ['iteration', textOf],
]

/** What `read` makes of a body, or what it fails with. */
async function outcomeOf(read: Read, body: BodyInit, headers: HeadersInit = {}): Promise<unknown> {
  let outcome: unknown
  const { fetch } = behindFetch(async (req) => {
    outcome = await read(req.body!).catch((error) => error)
    return {}
  })
  await fetch('/', { method: 'POST', body, headers })
  return outcome
}

describe.each(ways)('%s', (_name, read) => {
  test('reads a body that is there', async () => {
    expect(await outcomeOf(read, '["é"]')).toBe('["é"]')
  })

  test('reads a body that comes in pieces, cut inside a character', async () => {
    const bytes = encoder.encode('["é","☕"]')
    const { stream } = watchedStream((index) =>
      index < bytes.length ? bytes.subarray(index, index + 1) : undefined,
    )
    expect(await outcomeOf(read, stream)).toBe('["é","☕"]')
  })

  test('reads a megabyte', async () => {
    const piece = `"${'x'.repeat(65_534)}"`
    const pieces = Array.from({ length: 16 }, (_, index) => `${index === 0 ? '[' : ','}${piece}`)
    const stream = textStream(...pieces, ']')
    expect(((await outcomeOf(read, stream)) as string).length).toBe(16 * 65_537 + 1)
  })

  test.each(ways)('leaves nothing for %s', async (_other, again) => {
    const both = async (body: RequestBody) => {
      await read(body)
      return again(body)
    }
    expect(await outcomeOf(both, '{}')).toMatchObject({ message: 'the body has been read already' })
  })

  test('takes the body when it is called, not when it has read it', async () => {
    const both = async (body: RequestBody) => {
      const first = read(body)
      const second = await (async () => body.text())().catch((error) => error.message)
      return [await first, second]
    }
    expect(await outcomeOf(both, '{}')).toEqual(['{}', 'the body has been read already'])
  })

  test('fails as one that was cut short where the body does', async () => {
    const broken = watchedStream((index) => {
      if (index > 0) throw new Error('reset')
      return encoder.encode('["a')
    })
    expect(await outcomeOf(read, broken.stream)).toMatchObject({ code: 'BODY_CUT_SHORT', status: 400 })
  })
})

describe('text()', () => {
  test.each([
    ['text/plain', [0xc3, 0xa9], 'é'],
    ['text/plain; charset=utf-8', [0xef, 0xbb, 0xbf, 0xc3, 0xa9], 'é'],
    ['text/plain; charset=ISO-8859-1', [0xe9, 0x80], 'é€'],
    ['text/plain; charset="windows-1252"', [0x80], '€'],
    ['text/plain; charset=utf-16le', [0xe9, 0x00], 'é'],
    ['text/plain; charset=klingon', [0xc3, 0xa9], 'é'],
    ['text/plain', [0xe9], '\ufffd'],
  ])('is by the charset of %s, else UTF-8', async (type, bytes, text) => {
    const read: Read = (body) => body.text()
    expect(await outcomeOf(read, Uint8Array.from(bytes), { 'content-type': type })).toBe(text)
  })
})

describe('json()', () => {
  test('is UTF-8, whatever the type says', async () => {
    const bytes = encoder.encode('"é"')
    const type = { 'content-type': 'application/json; charset=iso-8859-1' }
    expect(await outcomeOf((body) => body.json(), bytes, type)).toBe('é')
  })

  test('fails for what is no JSON', async () => {
    expect(await outcomeOf((body) => body.json(), '{')).toBeInstanceOf(SyntaxError)
  })
})

describe('bytes()', () => {
  test('are empty where the body is', async () => {
    expect(await outcomeOf((body) => body.bytes(), textStream())).toEqual(new Uint8Array())
  })

  test('are the handler’s own', async () => {
    const source = encoder.encode('abc')
    const read: Read = async (body) => {
      const bytes = await body.bytes()
      bytes.fill(0)
      return bytes.length
    }
    expect(await outcomeOf(read, source)).toBe(3)
    expect(source).toEqual(encoder.encode('abc'))
  })
})

/** An endless body of pieces of ten bytes, and the handler's answer to it. */
async function answerToEndless(handler: Handler, options = {}) {
  const source = watchedStream(() => new Uint8Array(10))
  const { fetch, errors } = behindFetch(handler, { maxBody: Number.POSITIVE_INFINITY, ...options })
  const response = await fetch('/', { method: 'POST', body: source.stream })
  return { source, response, errors }
}

// A platform may keep a piece or two ahead.
const AHEAD = 3

describe('a body that is not read, or not to its end', () => {
  test('is asked for next to nothing, and answered', async () => {
    const { source, response } = await answerToEndless(() => ({ status: 201 }))
    expect(response.status).toBe(201)
    expect(source.pulls).toBeLessThanOrEqual(AHEAD)
  })

  test('is asked for no more than the handler takes', async () => {
    const { source } = await answerToEndless(async (req) => {
      const iterator = req.body![Symbol.asyncIterator]()
      for (let count = 0; count < 5; count++) await iterator.next()
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve))
      return {}
    })
    expect(source.pulls).toBeGreaterThanOrEqual(5)
    expect(source.pulls).toBeLessThanOrEqual(5 + AHEAD)
  })

  test('is cancelled when its iteration is left', async () => {
    const { source } = await answerToEndless(async (req) => {
      for await (const piece of req.body!) if (piece.length > 0) break
      return {}
    })
    expect(source.cancelled).not.toBe(undefined)
    expect(source.pulls).toBeLessThanOrEqual(1 + AHEAD)
  })

  test('is cancelled when its stream is', async () => {
    const { source } = await answerToEndless(async (req) => {
      const reader = req.body!.stream().getReader()
      await reader.read()
      await reader.cancel(new Error('enough'))
      return {}
    })
    expect(source.cancelled).not.toBe(undefined)
  })

  test('is cancelled when the client that is sent it no longer reads', async () => {
    const { source, response, errors } = await answerToEndless((req) => ({ body: req.body!.stream() }))
    const pieces = piecesIn(response)
    expect(await pieces.next()).toHaveLength(10)
    await pieces.cancel()
    await expect.poll(() => source.cancelled).not.toBe(undefined)
    expect(errors).toEqual([])
  })

  test('is asked for no more than the client that is sent it reads', async () => {
    const { source, response } = await answerToEndless((req) => ({ body: req.body! }))
    const pieces = piecesIn(response)
    for (let count = 0; count < 5; count++) await pieces.next()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve))
    expect(source.pulls).toBeLessThanOrEqual(5 + 2 * AHEAD)
    await pieces.cancel()
  })
})

describe('maxBody', () => {
  const LIMIT = 100
  const echo: Handler = async (req) => ({ body: await req.body!.bytes() })
  const send = (length: number, headers: HeadersInit = {}, options = {}) => {
    const { fetch, errors } = behindFetch(echo, { maxBody: LIMIT, ...options })
    const body = textStream('x'.repeat(length - 1), 'x')
    return { answer: fetch('/', { method: 'POST', body, headers }), errors }
  }

  test('lets a body of just as many bytes pass', async () => {
    const { answer, errors } = send(LIMIT)
    expect(await (await answer).text()).toBe('x'.repeat(LIMIT))
    expect(errors).toEqual([])
  })

  test('lets a body pass that states as many', async () => {
    const { answer } = send(LIMIT, { 'content-length': `${LIMIT}` })
    expect((await answer).status).toBe(200)
  })

  test('answers one byte more with 413, and logs nothing', async () => {
    const { answer, errors } = send(LIMIT + 1)
    const response = await answer
    expect([response.status, await response.text()]).toEqual([413, 'the body is too large\n'])
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(errors).toEqual([])
  })

  test('answers a stated length of one byte more with 413, before the handler', async () => {
    let calls = 0
    const { fetch, errors } = behindFetch(
      () => {
        calls++
        return {}
      },
      { maxBody: LIMIT },
    )
    const source = watchedStream(() => new Uint8Array(10))
    const headers = { 'content-length': `${LIMIT + 1}` }
    const { status } = await fetch('/', { method: 'POST', body: source.stream, headers })
    expect([status, calls, errors]).toEqual([413, 0, []])
    expect(source.pulls).toBeLessThanOrEqual(AHEAD)
  })

  test('of 0 lets requests pass that have no body', async () => {
    const { fetch } = behindFetch(() => ({ status: 201 }), { maxBody: 0 })
    expect((await fetch()).status).toBe(201)
    expect((await fetch('/', { headers: { 'content-length': '0' } })).status).toBe(201)
  })

  test('cancels what is past it', async () => {
    const source = watchedStream(() => new Uint8Array(10))
    const { fetch } = behindFetch(echo, { maxBody: LIMIT })
    expect((await fetch('/', { method: 'POST', body: source.stream })).status).toBe(413)
    await expect.poll(() => source.cancelled).not.toBe(undefined)
    expect(source.pulls).toBeLessThanOrEqual(LIMIT / 10 + 1 + AHEAD)
  })

  test('counts what the handler streams, too', async () => {
    const { fetch } = behindFetch((req) => ({ body: req.body!.stream() }), { maxBody: LIMIT })
    const response = await fetch('/', { method: 'POST', body: textStream('x'.repeat(60), 'x'.repeat(60)) })
    await expect(response.text()).rejects.toThrow()
  })

  test.each([
    ['a stated length', { 'content-length': '101' }],
    ['what has come', {}],
  ])('asks errorResponse on %s', async (_what, headers) => {
    const asked: unknown[] = []
    const errorResponse = (status: number, error: Error) => {
      asked.push([status, (error as Error & { code?: string }).code])
      return { status: 400, headers: { 'x-limit': LIMIT }, body: 'less!' }
    }
    const response = await send(LIMIT + 1, headers as HeadersInit, { errorResponse }).answer
    expect([response.status, response.headers.get('x-limit'), await response.text()]).toEqual([
      400,
      '100',
      'less!',
    ])
    expect(asked).toEqual([[413, 'BODY_TOO_LARGE']])
  })

  test('is what a handler makes of it, where that catches the error', async () => {
    const { fetch, errors } = behindFetch(
      async (req) => {
        const code = await req.body!.bytes().catch((error) => error.code)
        return { status: 202, body: code }
      },
      { maxBody: LIMIT },
    )
    const response = await fetch('/', { method: 'POST', body: textStream('x'.repeat(101)) })
    expect([response.status, await response.text(), errors]).toEqual([202, 'BODY_TOO_LARGE', []])
  })

  test('is 8 MiB where nothing is said', async () => {
    const { fetch } = behindFetch(async () => ({ status: 201 }))
    const sent = (length: number) =>
      fetch('/', { method: 'POST', body: 'x', headers: { 'content-length': `${length}` } })
    expect((await sent(8 * 1024 * 1024)).status).toBe(201)
    expect((await sent(8 * 1024 * 1024 + 1)).status).toBe(413)
  })

  test.each([-1, Number.NaN, '10'])('cannot be %j', (maxBody) => {
    expect(() => behindFetch(() => ({}), { maxBody: maxBody as number })).toThrow(RangeError)
  })
})

describe('a body that breaks off', () => {
  const breaking = () =>
    watchedStream((index) => {
      if (index > 0) throw new Error('reset')
      return encoder.encode('half')
    }).stream

  test('is answered with 400 and not logged where the handler gives up', async () => {
    const { fetch, errors } = behindFetch(async (req) => ({ body: await req.body!.bytes() }))
    const { status } = await fetch('/', { method: 'POST', body: breaking() })
    expect([status, errors]).toEqual([400, []])
  })

  test('breaks off what is sent of it, and is not logged', async () => {
    const { fetch, errors } = behindFetch((req) => ({ body: req.body!.stream() }))
    const response = await fetch('/', { method: 'POST', body: breaking() })
    await expect(response.text()).rejects.toThrow()
    expect(errors).toEqual([])
  })

  test('has the platform’s error as its cause', async () => {
    const error = (await outcomeOf((body) => body.bytes(), breaking())) as Error
    expect(error.cause).toMatchObject({ message: expect.stringContaining('reset') })
  })
})

test('an answer may begin before the body has ended', async () => {
  let controller!: ReadableStreamDefaultController<Uint8Array>
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) })
  const { fetch } = behindFetch((req) => ({ body: req.body!.stream() }))
  const response = await fetch('/', { method: 'POST', body })
  const pieces = piecesIn(response)
  controller.enqueue(encoder.encode('one'))
  expect(await pieces.next()).toBe('one')
  controller.enqueue(encoder.encode('two'))
  expect(await pieces.next()).toBe('two')
  controller.close()
  expect(await pieces.next()).toBe(undefined)
})

test('a channel reads the body like anyone', async () => {
  const { fetch } = behindFetch((req) =>
    asChannel(req, {
      async onOpen(channel) {
        channel.send(`got ${await req.body!.text()}`)
      },
    }),
  )
  expect(await (await fetch('/', { method: 'POST', body: 'it' })).text()).toBe('got it')
})

test('a request whose body somebody reads already fails, and is logged', async () => {
  const request = requestOf('/', { method: 'POST', body: textStream('x') })
  request.body!.getReader()
  const { fetch, errors } = behindFetch(async (req) => ({ body: await req.body!.bytes() }))
  expect((await fetch(request)).status).toBe(500)
  expect(errors).toHaveLength(1)
})

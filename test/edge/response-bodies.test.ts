// Answers behind a platform's server: every kind of body, and what becomes of the ones that come in pieces.
import { describe, expect, test } from 'vitest'
import type { RingResponse } from '../../src/edge.js'
import { behindFetch, piecesIn, textStream, watchedStream } from '../support/behind-fetch.js'

const encoder = new TextEncoder()

/** What a handler's response becomes, and what was logged meanwhile. */
async function answered(response: RingResponse | null | undefined, method = 'GET') {
  const { fetch, errors } = behindFetch(() => response as RingResponse)
  const answer = await fetch('/', { method })
  return { answer, errors, status: answer.status, headers: answer.headers }
}

async function* later(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  for (const piece of pieces) yield await Promise.resolve(piece)
}

function* now(...pieces: (string | Uint8Array)[]): Generator<string | Uint8Array> {
  yield* pieces
}

const kinds: [name: string, make: () => RingResponse['body']][] = [
  ['a string', () => 'héllo ☕'],
  ['bytes', () => encoder.encode('héllo ☕')],
  ['a view into other bytes', () => encoder.encode('xxhéllo ☕xx').subarray(2, -2)],
  ['a list', () => ['héllo', ' ', '☕']],
  ['a list of strings and bytes', () => ['héllo', encoder.encode(' ☕')]],
  ['a list with empty pieces', () => ['', 'héllo', new Uint8Array(), ' ☕', '']],
  ['a set', () => new Set(['héllo', ' ☕'])],
  ['a generator', () => now('héllo', encoder.encode(' ☕'))],
  ['an async generator', () => later('héllo', encoder.encode(' ☕'))],
  ['a stream', () => textStream('héllo', ' ☕')],
  ['a Blob', () => new Blob(['héllo', ' ☕'])],
  ['a body of another Response', () => new Response('héllo ☕').body!],
]

describe.each(kinds)('%s', (_name, make) => {
  test('is sent, as UTF-8', async () => {
    const { answer, errors } = await answered({ body: make()! })
    expect([answer.status, await answer.text(), errors]).toEqual([200, 'héllo ☕', []])
  })

  test('is not sent to HEAD', async () => {
    const { answer, errors } = await answered({ status: 201, headers: { 'x-a': 'b' }, body: make()! }, 'HEAD')
    expect([answer.status, answer.headers.get('x-a'), answer.body, errors]).toEqual([201, 'b', null, []])
  })

  test.each([204, 205, 304])('is not sent with %i', async (status) => {
    const { answer, errors } = await answered({ status, body: make()! })
    expect([answer.status, answer.body, errors]).toEqual([status, null, []])
    expect(Number(answer.headers.get('content-length') ?? 0)).toBe(0)
  })
})

describe('no body', () => {
  test.each([
    ['null', { status: 201, body: null }],
    ['undefined', { status: 201, body: undefined } as object],
    ['none', { status: 201 }],
    ['an empty string', { status: 201, body: '' }],
    ['an empty list', { status: 201, body: [] }],
  ])('where it is %s', async (_name, response) => {
    const { answer, errors } = await answered(response)
    expect([answer.status, await answer.text(), errors]).toEqual([201, '', []])
  })
})

test('an empty map is 200', async () => {
  const { answer } = await answered({})
  expect([answer.status, await answer.text()]).toEqual([200, ''])
})

test.each([null, undefined])('%s for a response is 404', async (nothing) => {
  const { answer, errors } = await answered(nothing)
  expect([answer.status, await answer.text(), errors]).toEqual([404, '', []])
})

describe('500, an empty body and an entry in the log are the answer to', () => {
  test.each<[name: string, response: unknown]>([
    ['a string', 'hello'],
    ['a number', 200],
    ['true', true],
    ['a function', () => ({})],
    ['a body that is a number', { body: 5 }],
    ['a body that is a map', { body: {} }],
    ['a body that is true', { body: true }],
    ['a body that is an ArrayBuffer', { body: new ArrayBuffer(2) }],
    ['a body that is a Date', { body: new Date(0) }],
    ['a Response', new Response('hello', { headers: { a: 'b' } })],
    ['a status of a string', { status: '200' }],
    ['a status of null', { status: null }],
    ['a status of a fraction', { status: 200.5 }],
    ['a status of 0', { status: 0 }],
    ['a status of 101', { status: 101 }],
    ['a status of 199', { status: 199 }],
    ['a status of 1000', { status: 1000 }],
    ['a status that is 200 in 16 bits', { status: 65_736 }],
  ])('%s', async (_name, response) => {
    const { answer, errors } = await answered(response as RingResponse)
    expect([answer.status, await answer.text()]).toEqual([500, ''])
    expect(errors).toMatchObject([{ message: 'httpkit-wasm: a handler failed', error: expect.any(Error) }])
  })

  test('a stream that somebody reads already', async () => {
    const stream = textStream('x')
    stream.getReader()
    const { answer, errors } = await answered({ body: stream })
    expect([answer.status, errors.length]).toEqual([500, 1])
  })
})

test.each([200, 299, 418, 451, 599])('a status of %i is sent', async (status) => {
  expect((await answered({ status, body: 'x' })).status).toBe(status)
})

describe('a promise of a response', () => {
  test('is waited for', async () => {
    const { fetch } = behindFetch(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      return { body: 'late' }
    })
    expect(await (await fetch()).text()).toBe('late')
  })

  test('of nothing is 404', async () => {
    const { fetch } = behindFetch(async () => undefined as unknown as RingResponse)
    expect((await fetch()).status).toBe(404)
  })
})

describe('a stated Content-Length', () => {
  test.each([
    ['of a string', 'hello'],
    ['of bytes', encoder.encode('hello')],
  ])('%s is counted, not believed', async (_name, body) => {
    for (const stated of [0, 4, 5, 6, '999']) {
      const { answer, errors } = await answered({ headers: { 'Content-Length': stated }, body })
      expect([await answer.text(), errors]).toEqual(['hello', []])
      expect(answer.headers.get('content-length') ?? '5').toBe('5')
    }
  })

  test('of a body in pieces is sent', async () => {
    const { answer, errors } = await answered({ headers: { 'Content-Length': 5 }, body: later('he', 'llo') })
    expect([answer.headers.get('content-length') ?? '5', await answer.text(), errors]).toEqual([
      '5',
      'hello',
      [],
    ])
  })

  test('of none is right for a body of none', async () => {
    const { answer, errors } = await answered({ headers: { 'Content-Length': 0 }, body: later() })
    expect([await answer.text(), errors]).toEqual(['', []])
  })

  test.each([
    ['short', later('he', 'l')],
    ['over', later('he', 'llo', '!')],
    ['over in its first piece', later('hello!')],
    ['empty', later()],
  ])('of a body that is %s breaks it off, and is logged', async (_name, body) => {
    const { answer, errors } = await answered({ headers: { 'Content-Length': 5 }, body })
    await expect(answer.text()).rejects.toThrow()
    expect(errors).toMatchObject([{ error: { message: expect.stringContaining('Content-Length is 5') } }])
  })

  test('that is over lets no byte past it', async () => {
    const { answer } = await answered({ headers: { 'Content-Length': 3 }, body: later('ab', 'cd') })
    const pieces = piecesIn(answer)
    expect(await pieces.next()).toBe('ab')
    await expect(pieces.next()).rejects.toThrow()
  })

  test.each(['five', -1, 1.5, '', '1e3'])('of %j is answered with 500', async (stated) => {
    const { answer, errors } = await answered({ headers: { 'Content-Length': stated }, body: 'x' })
    expect([answer.status, errors.length]).toEqual([500, 1])
  })

  test('is what HEAD is told, and GET’s where nothing is stated', async () => {
    const told = async (response: RingResponse) =>
      (await answered(response, 'HEAD')).headers.get('content-length')
    expect(await told({ headers: { 'Content-Length': 12 }, body: 'x' })).toBe('12')
    expect(await told({ headers: { 'Content-Length': 12 } })).toBe('12')
    expect(await told({ headers: { 'Content-Length': 12 }, body: later('x') })).toBe('12')
    expect(await told({ body: 'é' })).toBe('2')
    expect(await told({ body: new Blob(['12345']) })).toBe('5')
    expect(await told({ body: later('x') })).toBe(null)
  })
})

describe('a Blob', () => {
  const blob = new Blob(['{}'], { type: 'application/json' })

  test('states its type and length', async () => {
    const { answer } = await answered({ body: blob })
    expect(answer.headers.get('content-type')).toBe(blob.type)
    expect(answer.headers.get('content-length') ?? '2').toBe('2')
  })

  test('does not state its type over the map’s, in any case', async () => {
    const { answer } = await answered({ headers: { 'CONTENT-type': 'text/plain' }, body: blob })
    expect(answer.headers.get('content-type')).toBe('text/plain')
  })

  test('without a type states none', async () => {
    const { answer } = await answered({ body: new Blob(['x']) })
    expect(answer.headers.has('content-type')).toBe(false)
  })
})

test.each(kinds.filter(([name]) => name !== 'a Blob'))('%s has no type of its own', async (_name, make) => {
  const { answer } = await answered({ body: make()! })
  expect(answer.headers.has('content-type')).toBe(false)
  await answer.text()
})

describe('what opens as files do', () => {
  const openable = (log: string[]) => ({
    contentType: 'text/x-file',
    async open() {
      log.push('open')
      return {
        size: 5,
        pieces: () => later('he', 'llo') as AsyncGenerator<Uint8Array>,
        close: async () => void log.push('close'),
      }
    },
  })

  test('is opened when it is sent, with its type and length', async () => {
    const log: string[] = []
    const { answer } = await answered({ body: openable(log) as never })
    expect([await answer.text(), answer.headers.get('content-type'), log]).toEqual([
      'hello',
      'text/x-file',
      ['open'],
    ])
  })

  test('tells HEAD its length', async () => {
    const { answer } = await answered({ body: openable([]) as never }, 'HEAD')
    expect([answer.headers.get('content-length'), answer.headers.get('content-type')]).toEqual([
      '5',
      'text/x-file',
    ])
  })

  test('is a failure where it does not open', async () => {
    const body = {
      contentType: 'text/plain',
      open: () => Promise.reject(new Error('ENOENT')),
    }
    const { answer, errors } = await answered({ body: body as never })
    expect([answer.status, errors]).toMatchObject([500, [{ error: { message: 'ENOENT' } }]])
  })
})

describe('a body in pieces', () => {
  // A platform may keep a piece or two ahead.
  const AHEAD = 2

  test('is made no faster than it is read', async () => {
    let made = 0
    const endless = function* () {
      for (;;) yield `${made++} `
    }
    const { answer } = await answered({ body: endless() })
    const pieces = piecesIn(answer)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve))
    expect(made).toBeLessThanOrEqual(AHEAD)
    for (let count = 0; count < 10; count++) expect(await pieces.next()).toBe(`${count} `)
    expect(made).toBeLessThanOrEqual(10 + AHEAD)
    await pieces.cancel()
  })

  test('is not begun for HEAD, nor for 204, and is over then', async () => {
    const log: string[] = []
    const stream = watchedStream(() => new Uint8Array(1))
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          log.push('next')
          return { done: false as const, value: 'x' }
        },
        return: async () => {
          log.push('return')
          return { done: true as const, value: undefined }
        },
      }),
    }
    await answered({ body: source }, 'HEAD')
    await answered({ status: 204, body: source })
    await answered({ status: 204, body: stream.stream })
    expect(log).toEqual(['return', 'return'])
    expect([stream.pulls, stream.cancelled]).toEqual([0, expect.anything()])
  })

  test('is ended when its reader leaves, and nobody calls that a failure', async () => {
    let isOver = false
    const endless = async function* () {
      try {
        for (let count = 0; ; count++) yield `${count}`
      } finally {
        isOver = true
      }
    }
    const { answer, errors } = await answered({ body: endless() })
    const pieces = piecesIn(answer)
    expect(await pieces.next()).toBe('0')
    await pieces.cancel()
    await expect.poll(() => isOver).toBe(true)
    expect(errors).toEqual([])
  })

  test.each([
    ['comes', () => 'late'],
    [
      'fails',
      () => {
        throw new Error('too late')
      },
    ],
  ])(
    'is ended when its reader leaves while a piece is made that %s, and nobody calls that a failure',
    async (_what, make) => {
      let goOn!: () => void
      const held = new Promise<void>((resolve) => (goOn = resolve))
      let isOver = false
      const slow = async function* () {
        try {
          yield 'first'
          await held
          yield make()
          yield 'never'
        } finally {
          isOver = true
        }
      }
      const { answer, errors } = await answered({ body: slow() })
      const pieces = piecesIn(answer)
      expect(await pieces.next()).toBe('first')
      const second = pieces.next().catch(() => undefined)
      await pieces.cancel()
      goOn()
      expect(await second).toBe(undefined)
      await expect.poll(() => isOver).toBe(true)
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve))
      expect(errors).toEqual([])
    },
  )

  test('that fails in its middle breaks off, and is logged', async () => {
    const failing = async function* () {
      yield 'good'
      throw new Error('no more')
    }
    const { answer, errors } = await answered({ body: failing() })
    const pieces = piecesIn(answer)
    expect([answer.status, await pieces.next()]).toEqual([200, 'good'])
    await expect(pieces.next()).rejects.toThrow()
    expect(errors).toMatchObject([
      { message: 'httpkit-wasm: a handler failed', error: { message: 'no more' } },
    ])
  })

  test.each([
    [
      'generator',
      // biome-ignore lint/correctness/useYield: it fails before
      function* (): Generator<string> {
        throw new Error('nothing')
      },
    ],
    [
      'async generator',
      // biome-ignore lint/correctness/useYield: it fails before
      async function* (): AsyncGenerator<string> {
        throw new Error('nothing')
      },
    ],
  ])('of a %s that fails at once breaks off, and is logged', async (_name, make) => {
    const { answer, errors } = await answered({ body: make() })
    await expect(answer.text()).rejects.toThrow()
    expect(errors).toMatchObject([{ error: { message: 'nothing' } }])
  })

  test.each([5, undefined, null, {}])('that holds %j breaks off, and its source is ended', async (piece) => {
    let isOver = false
    const wrong = function* () {
      try {
        yield 'a'
        yield piece as string
        yield 'b'
      } finally {
        isOver = true
      }
    }
    const { answer, errors } = await answered({ body: wrong() })
    await expect(answer.text()).rejects.toThrow()
    expect([isOver, errors.length]).toEqual([true, 1])
  })

  test('of a megabyte in small pieces is whole', async () => {
    const { answer } = await answered({ body: Array.from({ length: 16_384 }, () => 'x'.repeat(64)) })
    expect((await answer.text()).length).toBe(1024 * 1024)
  })

  test('of big pieces is whole', async () => {
    const { answer } = await answered({ body: [new Uint8Array(1024 * 1024), new Uint8Array(1024 * 1024)] })
    expect((await answer.arrayBuffer()).byteLength).toBe(2 * 1024 * 1024)
  })

  test('leaves the bytes as they were', async () => {
    const bytes = encoder.encode('again')
    for (let count = 0; count < 3; count++)
      expect(await (await answered({ body: [bytes] })).answer.text()).toBe('again')
    for (let count = 0; count < 3; count++)
      expect(await (await answered({ body: bytes })).answer.text()).toBe('again')
    expect(bytes).toEqual(encoder.encode('again'))
  })
})

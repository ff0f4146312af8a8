// Handlers that fail behind a platform's server, errorResponse, and loggers: every request has an answer.
import { describe, expect, test } from 'vitest'
import { asChannel, type Handler, type RingResponse, toFetch } from '../../src/edge.js'
import { behindFetch } from '../support/behind-fetch.js'

const thrown: [name: string, value: unknown, message: string][] = [
  ['an Error', new Error('boom'), 'boom'],
  ['a string', 'boom', 'what was thrown is no Error'],
  ['undefined', undefined, 'what was thrown is no Error'],
  ['null', null, 'what was thrown is no Error'],
  ['a map', { status: 400 }, 'what was thrown is no Error'],
]

const handlers: [name: string, fail: (value: unknown) => Handler][] = [
  [
    'throws',
    (value) => () => {
      throw value
    },
  ],
  ['rejects with', (value) => () => Promise.reject(value)],
  [
    'rejects later with',
    (value) => async () => {
      await new Promise((resolve) => setTimeout(resolve, 1))
      throw value
    },
  ],
]

describe.each(handlers)('a handler that %s', (_name, fail) => {
  test.each(thrown)('%s is answered with 500 and no body, and logged as it is', async (_what, value) => {
    const { fetch, errors } = behindFetch(fail(value))
    const response = await fetch()
    expect([response.status, await response.text()]).toEqual([500, ''])
    expect(errors).toEqual([{ message: 'httpkit-wasm: a handler failed', error: value }])
  })

  test.each(thrown)('%s is answered by errorResponse', async (_what, value, message) => {
    const { fetch } = behindFetch(fail(value), {
      errorResponse: (status, error) => ({ headers: { 'X-A': 'b' }, body: `${status}: ${error.message}` }),
    })
    const response = await fetch()
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([
      500,
      'b',
      `500: ${message}`,
    ])
  })
})

describe('errorResponse', () => {
  const failing: Handler = () => {
    throw new Error('boom')
  }
  const answer = async (errorResponse: (status: number, error: Error) => RingResponse, handler = failing) => {
    const { fetch, errors } = behindFetch(handler, { errorResponse })
    const response = await fetch()
    return {
      status: response.status,
      text: await response.text(),
      messages: errors.map(({ message }) => message),
    }
  }
  const bothFailed = ['httpkit-wasm: a handler failed', 'httpkit-wasm: errorResponse failed']

  test('has its own status', async () => {
    expect(await answer(() => ({ status: 503, body: 'later' }))).toMatchObject({ status: 503, text: 'later' })
  })

  test('may stream', async () => {
    expect(await answer(() => ({ body: ['a', 'b'] }))).toMatchObject({ status: 500, text: 'ab' })
  })

  test('that throws leaves the plain answer, and both are logged', async () => {
    const failed = () => {
      throw new Error('again')
    }
    expect(await answer(failed)).toEqual({ status: 500, text: '', messages: bothFailed })
  })

  test.each<[name: string, response: unknown]>([
    ['a wrong status', { status: 5 }],
    ['a wrong header', { headers: { 'a b': 'c' } }],
    ['a wrong body', { body: 5 }],
    ['a string', 'sorry'],
    ['null', null],
  ])('with %s leaves the plain answer, and both are logged', async (_name, response) => {
    expect(await answer(() => response as RingResponse)).toEqual({
      status: 500,
      text: '',
      messages: bothFailed,
    })
  })

  test('is asked about a response that cannot be sent', async () => {
    const asked: number[] = []
    const told = await answer(
      (status) => {
        asked.push(status)
        return { body: 'sorry' }
      },
      () => ({ headers: { 'a b': 'c' } }),
    )
    expect([told, asked]).toMatchObject([{ status: 500, text: 'sorry' }, [500]])
  })

  test('is not asked about what a handler answers', async () => {
    expect(
      await answer(
        () => ({ body: 'asked' }),
        () => ({ status: 500, body: 'own' }),
      ),
    ).toMatchObject({ text: 'own' })
    expect(
      await answer(
        () => ({ body: 'asked' }),
        () => null as never,
      ),
    ).toMatchObject({ status: 404, text: '' })
  })
})

describe('a logger', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('no disk')
      },
    ],
    ['rejects', () => Promise.reject(new Error('no disk'))],
  ])('that %s does not take the answer with it', async (_name, errorLogger) => {
    const { fetch } = behindFetch(
      () => {
        throw new Error('boom')
      },
      { errorLogger: errorLogger as () => void },
    )
    expect((await fetch()).status).toBe(500)
  })

  test('is console.error where there is none', async () => {
    const told: unknown[][] = []
    const real = console.error
    console.error = (...all) => void told.push(all)
    try {
      const response = await toFetch(() => {
        throw new Error('boom')
      })(new Request('http://h/'))
      expect(response.status).toBe(500)
    } finally {
      console.error = real
    }
    expect(told).toMatchObject([['httpkit-wasm: a handler failed', { message: 'boom' }]])
  })
})

test('one failure leaves other requests alone', async () => {
  const { fetch } = behindFetch((req) => {
    if (req.uri === '/bad') throw new Error('boom')
    return { body: 'good' }
  })
  const statuses = await Promise.all(
    ['/', '/bad', '/', '/bad'].map(async (path) => (await fetch(path)).status),
  )
  expect(statuses).toEqual([200, 500, 200, 500])
})

describe('a failure after the channel has answered', () => {
  test('breaks off what it streams', async () => {
    const closes: string[] = []
    const { fetch, errors } = behindFetch((req) => {
      asChannel(req, {
        onOpen: (channel) => void channel.send('part', false),
        onClose: (_channel, status) => void closes.push(status),
      })
      throw new Error('boom')
    })
    const response = await fetch()
    expect(response.status).toBe(200)
    await expect(response.text()).rejects.toThrow()
    expect([errors.length, closes]).toEqual([1, ['server-close']])
  })

  test('is logged, and leaves a whole answer as it is', async () => {
    const { fetch, errors } = behindFetch((req) => {
      req.asyncChannel.send({ status: 201, body: 'whole' })
      throw new Error('boom')
    })
    const response = await fetch()
    expect([response.status, await response.text(), errors.length]).toEqual([201, 'whole', 1])
  })

  test('is logged, and leaves a body alone that is still on its way', async () => {
    const { fetch, errors } = behindFetch((req) => {
      req.asyncChannel.send({ body: ['a', 'b', 'c'] })
      throw new Error('boom')
    })
    expect([await (await fetch()).text(), errors.length]).toEqual(['abc', 1])
  })
})

test('fetch is itself, and goes without its object', async () => {
  const handler = toFetch(() => ({ body: 'x' }))
  const { fetch } = handler
  expect(await (await fetch(new Request('http://h/'))).text()).toBe('x')
  expect(handler.websocket).toMatchObject({ message: expect.any(Function), close: expect.any(Function) })
})

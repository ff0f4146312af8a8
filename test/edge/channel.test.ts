// Channels over HTTP behind a platform's server: an answer at once, later, or bit by bit, and whoever is told of its end.
import { describe, expect, test } from 'vitest'
import {
  asChannel,
  broadcast,
  type Channel,
  type ChannelHandlers,
  type FetchOptions,
  type RingResponse,
} from '../../src/edge.js'
import { behindFetch, piecesIn, requestOf, watchedStream } from '../support/behind-fetch.js'

const encoder = new TextEncoder()
const turn = () => new Promise((resolve) => setTimeout(resolve))

type Close = [status: string, code: number | undefined, reason: string, isOpen: boolean]

/** A request that is answered by its channel, which is handed over when it is open. */
async function opened(init: RequestInit = {}, handlers: ChannelHandlers = {}, options: FetchOptions = {}) {
  const closes: Close[] = []
  let channel!: Channel
  const { fetch, errors } = behindFetch(
    (req) =>
      asChannel(req, {
        ...handlers,
        onOpen(given) {
          channel = given
          return handlers.onOpen?.(given)
        },
        onClose(given, ...told) {
          closes.push([...told, given.isOpen])
          handlers.onClose?.(given, ...told)
        },
      }),
    options,
  )
  const answer = fetch('/', init)
  await turn()
  return { answer, channel, closes, errors }
}

const serverClose: Close = ['server-close', undefined, '', false]
const clientClose: Close = ['client-close', undefined, '', false]

describe('an answer at once', () => {
  test.each<[name: string, data: string | Uint8Array | RingResponse, status: number, text: string]>([
    ['text', 'hé', 200, 'hé'],
    ['bytes', encoder.encode('hé'), 200, 'hé'],
    ['an empty string', '', 200, ''],
    ['a map', { status: 201, body: 'hé' }, 201, 'hé'],
    ['a map without a body', { status: 202 }, 202, ''],
    ['a map whose body comes in pieces', { body: ['h', 'é'] }, 200, 'hé'],
    ['a map of 204', { status: 204, body: 'ignored' }, 204, ''],
  ])('is %s', async (_name, data, status, text) => {
    const sent: boolean[] = []
    const { answer, closes, channel } = await opened(
      {},
      { onOpen: (given) => void sent.push(given.send(data)) },
    )
    const response = await answer
    expect([response.status, await response.text(), sent]).toEqual([status, text, [true]])
    expect(closes).toEqual([serverClose])
    expect(channel.isOpen).toBe(false)
  })

  test('of text or bytes has http-kit’s type, of a map its own', async () => {
    const typeOf = async (data: string | Uint8Array | RingResponse) => {
      const { answer } = await opened({}, { onOpen: (channel) => void channel.send(data) })
      return (await answer).headers.get('content-type')
    }
    expect(await typeOf('x')).toBe('text/html; charset=utf-8')
    expect(await typeOf(encoder.encode('x'))).toBe('text/html; charset=utf-8')
    expect(await typeOf({ body: 'x' })).toBe(null)
    expect(await typeOf({ headers: { 'Content-Type': 'text/plain' }, body: 'x' })).toBe('text/plain')
  })

  test('lets nothing follow', async () => {
    const { answer, channel } = await opened({}, { onOpen: (given) => void given.send('one') })
    expect([channel.send('two'), channel.send('three', false), channel.close()]).toEqual([
      false,
      false,
      false,
    ])
    expect(await (await answer).text()).toBe('one')
  })

  test('lets nothing follow while its body is on its way', async () => {
    const { answer, channel, closes } = await opened(
      {},
      { onOpen: (given) => void given.send({ body: ['a', 'b'] }) },
    )
    const response = await answer
    expect([channel.isOpen, channel.send('c'), channel.close(), closes]).toEqual([true, false, false, []])
    expect([await response.text(), closes]).toEqual(['ab', [serverClose]])
  })
})

describe('an answer that comes later', () => {
  test('is given when it comes', async () => {
    const { answer, channel, closes } = await opened()
    let isThere = false
    void answer.then(() => (isThere = true))
    await turn()
    expect([isThere, channel.isOpen, closes]).toEqual([false, true, []])
    expect(channel.send({ status: 201, headers: { 'X-A': 'b' }, body: 'late' })).toBe(true)
    const response = await answer
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([201, 'b', 'late'])
    expect(closes).toEqual([serverClose])
  })

  test('may be 204, by close()', async () => {
    const { answer, channel, closes } = await opened()
    expect([channel.close(), channel.close(), channel.isOpen]).toEqual([true, false, false])
    const response = await answer
    expect([response.status, response.body, closes]).toEqual([204, null, [serverClose]])
  })

  test('that cannot be sent is 500, and logged', async () => {
    const { answer, channel, errors, closes } = await opened()
    channel.send({ headers: { 'X-A': 'a\nb' }, body: 'x' })
    expect([(await answer).status, errors.length, closes]).toEqual([500, 1, [serverClose]])
  })

  test('to HEAD has no body', async () => {
    const { answer, channel, closes } = await opened({ method: 'HEAD' })
    channel.send('hello')
    const response = await answer
    expect([response.status, response.body, response.headers.get('content-length')]).toEqual([200, null, '5'])
    expect(closes).toEqual([serverClose])
  })
})

describe('an answer bit by bit', () => {
  test('begins with its head, and goes on until the channel is closed', async () => {
    const { answer, channel, closes } = await opened()
    expect(channel.send({ status: 206, headers: { 'X-A': 'b' }, body: 'one' }, false)).toBe(true)
    const response = await answer
    const pieces = piecesIn(response)
    expect([response.status, response.headers.get('x-a'), await pieces.next()]).toEqual([206, 'b', 'one'])
    const next = pieces.next()
    expect(channel.send('two', false)).toBe(true)
    expect(await next).toBe('two')
    channel.send(encoder.encode('three'), false)
    channel.send({ status: 500, headers: { 'X-B': 'ignored' }, body: 'four' }, false)
    expect(channel.close()).toBe(true)
    expect([await pieces.next(), await pieces.next(), await pieces.next()]).toEqual([
      'three',
      'four',
      undefined,
    ])
    expect(closes).toEqual([serverClose])
  })

  test('ends with a message that closes', async () => {
    const { answer, channel, closes } = await opened()
    channel.send('one', false)
    channel.send('two')
    expect([channel.isOpen, channel.send('three')]).toEqual([false, false])
    expect([await (await answer).text(), closes]).toEqual(['onetwo', [serverClose]])
  })

  test('may be all there before anyone reads', async () => {
    const { answer } = await opened(
      {},
      {
        onOpen(channel) {
          for (let count = 0; count < 100; count++) channel.send(`${count},`, false)
          channel.close()
        },
      },
    )
    const text = await (await answer).text()
    expect(text).toBe(Array.from({ length: 100 }, (_, count) => `${count},`).join(''))
  })

  test('may have no first piece', async () => {
    const { answer, channel } = await opened()
    channel.send({ status: 201 }, false)
    const response = await answer
    channel.send('x')
    expect([response.status, await response.text()]).toEqual([201, 'x'])
  })

  test('sends nothing for an empty piece', async () => {
    const { answer, channel } = await opened()
    channel.send('', false)
    const pieces = piecesIn(await answer)
    channel.send(new Uint8Array(), false)
    channel.send('x', false)
    channel.close()
    expect([await pieces.next(), await pieces.next()]).toEqual(['x', undefined])
  })

  test.each([204, 205, 304])('is over with its head where that is of %i', async (status) => {
    const { answer, channel, closes } = await opened()
    channel.send({ status, body: 'x' }, false)
    const response = await answer
    expect([response.status, response.body, channel.send('y', false), closes]).toEqual([
      status,
      null,
      false,
      [serverClose],
    ])
  })

  test('is over with its head for HEAD', async () => {
    const { answer, channel, closes } = await opened({ method: 'HEAD' })
    channel.send('x', false)
    expect([(await answer).body, channel.isOpen, closes]).toEqual([null, false, [serverClose]])
  })

  test.each<[name: string, response: unknown]>([
    ['a header that breaks the head', { headers: { 'X-A': 'a\nb' } }],
    ['a wrong status', { status: 65_736 }],
    ['a body in pieces', { body: ['a'] }],
  ])('cannot begin with %s: the sender is told, and may try again', async (_name, response) => {
    const { answer, channel } = await opened()
    expect(() => channel.send(response as RingResponse, false)).toThrow(TypeError)
    expect(channel.isOpen).toBe(true)
    channel.send('good')
    expect(await (await answer).text()).toBe('good')
  })

  test('cannot go on with a body in pieces: the sender is told', async () => {
    const { answer, channel } = await opened()
    channel.send('a', false)
    expect(() => channel.send({ body: ['b'] }, false)).toThrow(TypeError)
    channel.send('c')
    expect(await (await answer).text()).toBe('ac')
  })
})

describe('bufferedAmount and drained()', () => {
  test('count bytes that nobody has read', async () => {
    const { answer, channel } = await opened()
    expect(channel.bufferedAmount).toBe(0)
    channel.send('hé', false)
    const pieces = piecesIn(await answer)
    channel.send(new Uint8Array(10), false)
    expect(channel.bufferedAmount).toBe(13)
    await pieces.next()
    expect(channel.bufferedAmount).toBeLessThanOrEqual(10)
    await pieces.next()
    expect(channel.bufferedAmount).toBe(0)
    channel.close()
    expect(channel.bufferedAmount).toBe(0)
  })

  test('settle when all of it is asked for', async () => {
    const { answer, channel } = await opened()
    await channel.drained()
    channel.send('one', false)
    const pieces = piecesIn(await answer)
    channel.send('two', false)
    let hasDrained = false
    const drained = channel.drained().then(() => (hasDrained = true))
    await turn()
    expect(hasDrained).toBe(false)
    expect([await pieces.next(), await pieces.next()]).toEqual(['one', 'two'])
    const third = pieces.next()
    await drained
    channel.send('three', false)
    expect(await third).toBe('three')
    await pieces.cancel()
  })

  test.each([
    ['the client goes', (_channel: Channel, cancel: () => Promise<void>) => cancel()],
    ['the channel is closed', async (channel: Channel) => void channel.close()],
  ])('settle when %s', async (_what, end) => {
    const { answer, channel } = await opened()
    channel.send('one', false)
    const pieces = piecesIn(await answer)
    channel.send('two', false)
    const drained = channel.drained()
    await end(channel, () => pieces.cancel())
    await drained
    expect([channel.isOpen, channel.bufferedAmount]).toEqual([false, 0])
  })

  test('let a sender go no faster than the reader', async () => {
    let sent = 0
    const { answer } = await opened(
      {},
      {
        async onOpen(channel) {
          while (channel.isOpen && sent < 100) {
            channel.send(`${sent++} `, false)
            await channel.drained()
          }
          channel.close()
        },
      },
    )
    const pieces = piecesIn(await answer)
    for (let count = 0; count < 20; count++) await turn()
    expect(sent).toBeLessThanOrEqual(3)
    for (let count = 0; count < 100; count++) expect(await pieces.next()).toBe(`${count} `)
    expect(await pieces.next()).toBe(undefined)
  })
})

describe('maxBuffered', () => {
  test('is what may wait for a slow reader', async () => {
    const { answer, channel, closes } = await opened({}, {}, { maxBuffered: 100 })
    channel.send('x', false)
    const pieces = piecesIn(await answer)
    await pieces.next()
    expect(channel.send(new Uint8Array(60), false)).toBe(true)
    expect(channel.send(new Uint8Array(40), false)).toBe(true)
    expect([channel.bufferedAmount, closes]).toEqual([100, []])
    await pieces.cancel()
  })

  test('cuts the channel of a slower one', async () => {
    const { answer, channel, closes } = await opened({}, {}, { maxBuffered: 100 })
    channel.send('x', false)
    const response = await answer
    channel.send(new Uint8Array(99), false)
    expect(channel.send('y', false)).toBe(false)
    expect([channel.isOpen, channel.send('z', false), closes]).toEqual([false, false, [serverClose]])
    await expect(response.arrayBuffer()).rejects.toThrow()
  })

  test('counts not at all for an answer that is whole', async () => {
    const { answer, channel } = await opened({}, {}, { maxBuffered: 100 })
    expect(channel.send('x'.repeat(1000))).toBe(true)
    expect((await (await answer).text()).length).toBe(1000)
  })
})

describe('a client that goes', () => {
  test('in the middle of a stream is told as client-close, once', async () => {
    const { answer, channel, closes, errors } = await opened()
    channel.send('one', false)
    const pieces = piecesIn(await answer)
    await pieces.next()
    await pieces.cancel()
    await expect.poll(() => closes).toEqual([clientClose])
    expect([channel.send('two', false), channel.close(), channel.bufferedAmount]).toEqual([false, false, 0])
    expect([closes.length, errors]).toEqual([1, []])
  })

  test('before the first piece is told', async () => {
    const { answer, channel, closes } = await opened()
    channel.send({ status: 200 }, false)
    await (await answer).body!.cancel()
    await expect.poll(() => closes).toEqual([clientClose])
  })

  test('after the last one has been sent changes nothing', async () => {
    const { answer, channel, closes } = await opened()
    channel.send('one', false)
    channel.close()
    await (await answer).body!.cancel()
    await turn()
    expect(closes).toEqual([serverClose])
  })

  test('while it waits is told as client-close, once', async () => {
    const controller = new AbortController()
    const { channel, closes, answer } = await opened({ signal: controller.signal })
    controller.abort()
    await expect.poll(() => closes).toEqual([clientClose])
    expect([channel.isOpen, channel.send('too late'), channel.close()]).toEqual([false, false, false])
    // The platform has given up on the answer; it must not wait for ever.
    await answer
    expect(closes.length).toBe(1)
  })

  test('before it is waited for is told', async () => {
    const controller = new AbortController()
    const request = requestOf('/', { signal: controller.signal })
    const closes: string[] = []
    const { fetch } = behindFetch(async (req) => {
      controller.abort()
      await turn()
      return asChannel(req, { onClose: (_channel, status) => void closes.push(status) })
    })
    await fetch(request)
    expect(closes).toEqual(['client-close'])
  })

  test('after the answer, by a signal, changes nothing', async () => {
    const controller = new AbortController()
    const { channel, closes, answer } = await opened({ signal: controller.signal })
    channel.send('here')
    controller.abort()
    expect([await (await answer).text(), closes]).toEqual(['here', [serverClose]])
  })
})

describe('closed', () => {
  test('settles with the answer', async () => {
    const { channel, closes } = await opened()
    let isClosed = false
    const closed = channel.closed.then(() => (isClosed = true))
    await turn()
    expect(isClosed).toBe(false)
    channel.send('x')
    await closed
    expect(closes).toEqual([serverClose])
    await channel.closed
  })

  test('settles when the client goes', async () => {
    const { answer, channel } = await opened()
    channel.send('x', false)
    await (await answer).body!.cancel()
    await channel.closed
    expect(channel.isOpen).toBe(false)
  })

  test.each<[name: string, response: RingResponse | null]>([
    ['text', { body: 'x' }],
    ['nothing', null],
    ['a list', { body: ['a', 'b'] }],
    ['a failure', { status: 5 }],
  ])('settles when a handler’s own answer has gone: %s', async (_name, response) => {
    let closed!: Promise<void>
    const { fetch } = behindFetch((req) => {
      closed = req.asyncChannel.closed
      return response as RingResponse
    })
    await (await fetch()).text()
    expect(await closed).toBe(undefined)
  })
})

describe('callbacks', () => {
  test('come in order: init, onOpen, onClose', async () => {
    const log: string[] = []
    const note = (name: string) => (channel: Channel) => void log.push(`${name} ${channel.isOpen}`)
    const { channel } = await opened({}, { init: note('init'), onOpen: note('open'), onClose: note('close') })
    channel.send('x')
    expect(log).toEqual(['init true', 'open true', 'close false'])
  })

  test.each(['init', 'onOpen'] as const)('%s that throws is a handler that fails', async (name) => {
    const failing = () => {
      throw new Error('no')
    }
    const { fetch, errors } = behindFetch((req) => asChannel(req, { [name]: failing }))
    expect([(await fetch()).status, errors]).toMatchObject([500, [{ error: { message: 'no' } }]])
  })

  test('onClose that throws is logged, and the answer stays', async () => {
    const { answer, channel, errors } = await opened(
      {},
      {
        onClose() {
          throw new Error('no')
        },
      },
    )
    expect(channel.send('x')).toBe(true)
    expect([await (await answer).text(), errors]).toMatchObject([
      'x',
      [{ message: 'httpkit-wasm: onClose failed', error: { message: 'no' } }],
    ])
  })

  test('may answer and return something else, whose body is ended', async () => {
    const unwanted = watchedStream(() => new Uint8Array(1))
    let isOver = false
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false as const, value: 'x' }),
        return: async () => {
          isOver = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    const { fetch, errors } = behindFetch((req) => {
      req.asyncChannel.send('mine')
      return { status: 500, body: req.uri === '/stream' ? unwanted.stream : iterable }
    })
    for (const path of ['/stream', '/iterable']) {
      const response = await fetch(path)
      expect([response.status, await response.text()]).toEqual([200, 'mine'])
    }
    expect([unwanted.cancelled !== undefined, unwanted.pulls, isOver, errors]).toEqual([true, 0, true, []])
  })

  test.each<[name: string, response: unknown]>([
    ['nothing', undefined],
    ['text', { body: 'x' }],
    ['a listener', { listener: {} }],
    ['a string', 'x'],
  ])('may answer and return %s', async (_name, response) => {
    const { fetch, errors } = behindFetch((req) => {
      req.asyncChannel.send('mine')
      return response as RingResponse
    })
    expect([await (await fetch()).text(), errors]).toEqual(['mine', []])
  })
})

test('another request’s channel is no body', async () => {
  let first: Channel | undefined
  const { fetch, errors } = behindFetch((req) => {
    first ??= req.asyncChannel
    return { body: first }
  })
  const waiting = fetch()
  expect((await fetch()).status).toBe(500)
  first!.send('mine')
  expect([await (await waiting).text(), errors.length]).toEqual(['mine', 1])
})

describe('broadcast', () => {
  test('answers all that wait, passes over those that are closed, and counts', async () => {
    const all = await Promise.all([opened(), opened(), opened(), opened()])
    all[1]!.channel.close()
    const channels = all.map(({ channel }) => channel)
    expect(broadcast(channels, 'news')).toBe(3)
    const texts = await Promise.all(all.map(async ({ answer }) => (await answer).text()))
    expect(texts).toEqual(['news', '', 'news', 'news'])
    expect(broadcast(channels, 'more')).toBe(0)
  })

  test('sends all that stream the same bytes, and leaves them open where told to', async () => {
    const all = await Promise.all([opened(), opened(), opened()])
    for (const { channel } of all) channel.send('>', false)
    const bytes = encoder.encode('news')
    expect(
      broadcast(
        all.map(({ channel }) => channel),
        bytes,
        false,
      ),
    ).toBe(3)
    expect(
      broadcast(
        all.map(({ channel }) => channel),
        bytes,
        false,
      ),
    ).toBe(3)
    expect(
      broadcast(
        all.map(({ channel }) => channel),
        'end',
      ),
    ).toBe(3)
    const texts = await Promise.all(all.map(async ({ answer }) => (await answer).text()))
    expect(texts).toEqual(['>newsnewsend', '>newsnewsend', '>newsnewsend'])
    expect(bytes).toEqual(encoder.encode('news'))
  })
})

// A request's body as a handler reads it: whole or bit by bit, at once or later, no faster than it wants; and what
// becomes of the rest that it does not read.
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Handler, RequestBody, RingRequest, RingResponse, ServerOptions } from '../../src/server.js'
import { drip, sendPieces } from '../support/drip-feed.js'
import { ask, connectPeer, eventually, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { deferred } from '../support/waiting.js'

type Bytes = string | Uint8Array

const KiB = 1024
const MiB = 1024 * KiB
const NEXT = 'GET /next HTTP/1.1\r\nHost: x\r\n\r\n'

const unit = Uint8Array.from({ length: 251 }, (_, index) => (index * 11) % 251)
const pattern = (length: number) => Buffer.alloc(length, unit)
const bytesOf = (data: Bytes) => (typeof data === 'string' ? Buffer.from(data) : Buffer.from(data))
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

function counted(body: Bytes, ...fields: string[]): Buffer {
  const bytes = bytesOf(body)
  const head = `POST / HTTP/1.1\r\nHost: x\r\n${fields.map((field) => `${field}\r\n`).join('')}`
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes])
}

function chunked(chunks: Bytes[], { trailers = '', extension = '' } = {}): Buffer {
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
  const parts = chunks.flatMap((chunk) => {
    const bytes = bytesOf(chunk)
    return [Buffer.from(`${bytes.length.toString(16)}${extension}\r\n`), bytes, Buffer.from('\r\n')]
  })
  return Buffer.concat([Buffer.from(head), ...parts, Buffer.from(`0\r\n${trailers}\r\n`)])
}

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) {
    expect(piece.length).toBeGreaterThan(0)
    all.push(piece)
  }
  return Buffer.concat(all)
}

const ways: [string, (body: RequestBody) => Promise<Uint8Array>][] = [
  ['bytes()', (body) => body.bytes()],
  ['text()', async (body) => Buffer.from(await body.text())],
  ['json()', async (body) => Buffer.from(JSON.stringify(await body.json()))],
  ['stream()', async (body) => Buffer.from(await new Response(body.stream()).arrayBuffer())],
  ['iteration', (body) => joined(body)],
]

/** Echoes the body that it reads in this way, at once or later. */
const echo =
  (read: (body: RequestBody) => Promise<Uint8Array>, isLater = false): Handler =>
  async (req) => {
    if (req.uri === '/next') return { body: 'next' }
    if (isLater) for (let count = 0; count < 5; count++) await turn()
    return { body: await read(req.body!) }
  }

/** Sends pieces; the answer's body, and that the connection serves another request. */
async function echoed(
  handler: Handler,
  send: (peer: RawPeer) => unknown,
  options?: ServerOptions,
): Promise<Buffer> {
  const server = await serve(handler, options)
  const peer = await connectPeer(server.port)
  await send(peer)
  const answer = await peer.response()
  expect([answer.status, server.errors]).toEqual([200, []])
  expect((await peer.send(NEXT).response()).text).toBe('next')
  return answer.body
}

const JSON_TEXT = JSON.stringify({ text: 'héllo €𝄞', list: [1, 2.5, null, true] })

describe.each(ways)('%s reads a body', (_, read) => {
  describe.each([
    ['at once', false],
    ['later', true],
  ])('%s', (_, isLater) => {
    const handler = echo(read, isLater)
    const pieces = [JSON_TEXT.slice(0, 12), JSON_TEXT.slice(12, 20), JSON_TEXT.slice(20)]
    const arrivals: [string, (peer: RawPeer) => unknown][] = [
      ['with its head in one read', (peer) => peer.send(counted(JSON_TEXT))],
      ['cut within the head', (peer) => sendPieces(peer, cutAt(counted(JSON_TEXT), 20))],
      [
        'cut after the head',
        (peer) => sendPieces(peer, cutAt(counted(JSON_TEXT), counted(JSON_TEXT).indexOf('{'))),
      ],
      [
        'cut within the body',
        (peer) => sendPieces(peer, cutAt(counted(JSON_TEXT), counted(JSON_TEXT).length - 5)),
      ],
      [
        'cut before its last byte',
        (peer) => sendPieces(peer, cutAt(counted(JSON_TEXT), counted(JSON_TEXT).length - 1)),
      ],
      ['byte by byte', (peer) => drip(peer, counted(JSON_TEXT))],
      ['in one chunk', (peer) => peer.send(chunked([JSON_TEXT]))],
      ['in chunks, in one read', (peer) => peer.send(chunked(pieces))],
      ['in chunks, byte by byte', (peer) => drip(peer, chunked(pieces))],
      [
        'in chunks of one byte',
        (peer) => peer.send(chunked(Array.from(Buffer.from(JSON_TEXT), (byte) => Uint8Array.of(byte)))),
      ],
      ['in chunks with extensions and trailers', (peer) => peer.send(chunked(pieces, FULL))],
      ['in chunks with extensions and trailers, byte by byte', (peer) => drip(peer, chunked(pieces, FULL))],
    ]

    test.each(arrivals)('that comes %s', async (_, send) => {
      expect((await echoed(handler, send)).toString()).toBe(JSON_TEXT)
    })
  })
})

const FULL = { trailers: 'X-Checksum: 1\r\nX-More: 2\r\n', extension: ';name=value;other="quoted"' }

function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

describe('a large body', () => {
  const binary = ways.filter(([name]) => !/text|json/.test(name))

  test.each(binary)('of 8 MiB comes through %s whole', async (_, read) => {
    const body = pattern(8 * MiB)
    for (const isLater of [false, true]) {
      expect((await echoed(echo(read, isLater), (peer) => peer.send(counted(body)))).equals(body)).toBe(true)
    }
  })

  test.each(binary)('of 4 MiB in chunks of any size comes through %s whole', async (_, read) => {
    const body = pattern(4 * MiB)
    const chunks: Buffer[] = []
    for (let at = 0, size = 1; at < body.length; at += size, size = ((size * 3) % 70_001) + 1) {
      chunks.push(body.subarray(at, at + size))
    }
    expect((await echoed(echo(read), (peer) => peer.send(chunked(chunks)))).equals(body)).toBe(true)
  })

  test.each([
    ['the body', (req: RingRequest) => req.body!],
    ['its stream', (req: RingRequest) => req.body!.stream()],
  ])('can be echoed while it comes: %s', async (_, source) => {
    const body = pattern(32 * MiB)
    const server = await serve((req) => ({ body: source(req) }), { maxBody: 64 * MiB })
    const peer = await connectPeer(server.port)
    const answer = await peer.send(counted(body)).response()
    expect([answer.framing, answer.body.equals(body), server.errors]).toEqual(['chunked', true, []])
  })
})

describe('text()', () => {
  const textOf = async (body: Bytes, ...fields: string[]) => {
    const handler: Handler = async (req) =>
      req.uri === '/next' ? { body: 'next' } : { body: await req.body!.text() }
    const whole = await echoed(handler, (peer) => peer.send(counted(body, ...fields)))
    const dripped = await echoed(handler, (peer) => drip(peer, counted(body, ...fields)))
    expect(dripped.toString()).toBe(whole.toString())
    return whole.toString()
  }

  test.each<[string, Bytes, string, string]>([
    ['utf-8', 'é€𝄞', 'text/plain; charset=utf-8', 'é€𝄞'],
    ['UTF8', 'é€𝄞', 'text/plain; charset=UTF8', 'é€𝄞'],
    ['utf-8 without being told', 'é€𝄞', 'text/plain', 'é€𝄞'],
    ['iso-8859-1', Buffer.from('é', 'latin1'), 'text/plain; charset=iso-8859-1', 'é'],
    ['iso-8859-1 in quotes', Buffer.from('é', 'latin1'), 'text/plain; charset="ISO-8859-1"', 'é'],
    ['utf-16le', Buffer.from('é€𝄞', 'utf16le'), 'text/plain; charset=utf-16le', 'é€𝄞'],
    ['shift_jis', Uint8Array.of(0x82, 0xa0), 'text/plain; charset=shift_jis', 'あ'],
    ['UTF-8 in place of a charset that is unknown', 'é', 'text/plain; charset=unheard-of', 'é'],
  ])('decodes %s', async (_, body, type, text) => {
    expect(await textOf(body, `Content-Type: ${type}`)).toBe(text)
  })

  test('leaves out a byte order mark', async () => {
    expect(await textOf('\ufefftext')).toBe('text')
    expect(
      await textOf(Buffer.from('\ufefftext', 'utf16le'), 'Content-Type: text/plain; charset=utf-16le'),
    ).toBe('text')
  })

  test('leaves out one byte order mark, not two', async () => {
    expect(await textOf('\ufeff\ufefftext')).toBe('\ufefftext')
  })

  test('has U+FFFD for bytes that are no UTF-8', async () => {
    expect(await textOf(Uint8Array.of(0x61, 0xff, 0x62, 0xc3))).toBe('a\ufffdb\ufffd')
  })
})

describe('json()', () => {
  const answerTo = async (body: Bytes, ...fields: string[]) => {
    const server = await serve(async (req) => ({ body: JSON.stringify(await req.body!.json()) }))
    const answer = await ask(server.port, counted(body, ...fields))
    return { answer, server }
  }

  test('reads UTF-8, whatever the charset says (RFC 8259 §8.1)', async () => {
    const { answer } = await answerTo('"é€"', 'Content-Type: application/json; charset=iso-8859-1')
    expect(answer.text).toBe('"é€"')
  })

  test('reads past a byte order mark', async () => {
    expect((await answerTo('\ufeff[1]')).answer.text).toBe('[1]')
  })

  test('rejects what is no JSON, which is the handler’s to catch', async () => {
    const { answer, server } = await answerTo('{"a": ')
    expect([answer.status, answer.text]).toEqual([500, ''])
    expect(server.errors).toMatchObject([{ error: expect.any(SyntaxError) }])
  })
})

describe('bytes that a handler was given', () => {
  test.each(ways.filter(([name]) => !/text|json/.test(name)))(
    'stay what they were while more is read: %s',
    async (_, read) => {
      const kept: Uint8Array[] = []
      const server = await serve(async (req) => {
        kept.push(await read(req.body!))
        return {}
      })
      const peer = await connectPeer(server.port)
      const bodies = Array.from({ length: 20 }, (_, index) => Buffer.alloc(1000 + index, index + 1))
      for (const body of bodies) peer.send(counted(body))
      await peer.responses(20)
      await drip(peer, counted('drip'))
      await peer.response()
      for (const [index, body] of bodies.entries()) expect(Buffer.from(kept[index]!).equals(body)).toBe(true)
    },
  )

  test('are the handler’s to change', async () => {
    const server = await serve(async (req) => {
      const bytes = await req.body!.bytes()
      bytes.fill(0x2d)
      return { body: bytes }
    })
    const peer = await connectPeer(server.port)
    const answers = await peer.send(counted('abc')).send(counted('defg')).responses(2)
    expect(answers.map(({ text }) => text)).toEqual(['---', '----'])
  })
})

describe('a body is read once', () => {
  const begin: [string, (body: RequestBody) => unknown][] = [
    ['bytes()', (body) => body.bytes()],
    ['text()', (body) => body.text()],
    ['json()', (body) => body.json()],
    ['stream()', (body) => body.stream()],
    ['iteration', (body) => body[Symbol.asyncIterator]()],
  ]

  test.each(
    begin.flatMap(([first, one]) => begin.map(([second, two]) => [first, second, one, two] as const)),
  )('%s, then %s fails', async (_first, _second, one, two) => {
    const server = await serve(async (req) => {
      await one(req.body!)
      const again = Promise.resolve().then(() => two(req.body!))
      const error = await again.then(
        () => 'no error',
        (error: Error) => `${error.name}: ${error.message}`,
      )
      return { body: error }
    })
    for (const request of [counted('"a"'), chunked(['"', 'a"'])]) {
      expect((await ask(server.port, request)).text).toMatch(/^TypeError: .*already/)
    }
  })

  test('and the error is a 500 where the handler does not catch it', async () => {
    const server = await serve(async (req) => ({ body: (await req.body!.text()) + (await req.body!.text()) }))
    expect((await ask(server.port, counted('a'))).status).toBe(500)
    expect(server.errors).toMatchObject([{ error: expect.any(TypeError) }])
  })
})

/** Sends `total` bytes piece by piece, each when the kernel has taken the one before. */
function pump(peer: RawPeer, total: number): { sent: () => number; done: Promise<void> } {
  const piece = pattern(64 * KiB)
  let sent = 0
  const run = async () => {
    while (sent < total) {
      const length = Math.min(piece.length, total - sent)
      await peer.send(piece.subarray(0, length)).flushed()
      sent += length
    }
  }
  return { sent: () => sent, done: run() }
}

/** Settles when `value` has stopped changing. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1; ; ) {
    if (value() === last) return last
    last = value()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

describe('a handler that reads slowly slows the client', () => {
  const TOTAL = 64 * MiB
  const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${TOTAL}\r\n\r\n`

  test.each<[string, (body: RequestBody) => AsyncIterator<Uint8Array>]>([
    ['iteration', (body) => body[Symbol.asyncIterator]()],
    ['stream()', (body) => body.stream()[Symbol.asyncIterator]()],
  ])('by %s', async (_, iterate) => {
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const server = await serve(
      async (req) => {
        const pieces = iterate(req.body!)
        let length = (await pieces.next()).value!.length
        await held
        for (let next = await pieces.next(); !next.done; next = await pieces.next())
          length += next.value.length
        return { body: String(length) }
      },
      { maxBody: TOTAL },
    )
    const peer = await connectPeer(server.port)
    const { sent, done } = pump(peer.send(head), TOTAL)
    const atRest = await settled(sent)
    expect(atRest).toBeLessThan(TOTAL / 2)
    expect(server.stats().bytesIn).toBeLessThan(2 * MiB)
    goOn()
    await done
    expect((await peer.response()).text).toBe(String(TOTAL))
  })

  test('before it has begun to read, too', async () => {
    let goOn = () => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const server = await serve(
      async (req) => {
        await held
        return { body: String((await req.body!.bytes()).length) }
      },
      { maxBody: TOTAL },
    )
    const peer = await connectPeer(server.port)
    const { sent, done } = pump(peer.send(head), TOTAL)
    await settled(sent)
    expect(server.stats().bytesIn).toBeLessThan(2 * MiB)
    goOn()
    await done
    expect((await peer.response()).text).toBe(String(TOTAL))
  })
})

describe('a body that is not read', () => {
  const early: Handler = (req) => ({ body: req.uri === '/next' ? 'next' : 'early' })

  async function textsAfter(handler: Handler, send: (peer: RawPeer) => unknown): Promise<string[]> {
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    await send(peer)
    peer.send('GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    return (await peer.responsesUntilEnd()).map(({ text }) => text)
  }

  test.each<[string, (peer: RawPeer) => unknown]>([
    ['it came with its head', (peer) => peer.send(counted(NEXT))],
    ['it came with its head, in chunks', (peer) => peer.send(chunked([NEXT, NEXT]))],
    ['its last byte comes later', (peer) => sendPieces(peer, cutAt(counted(NEXT), counted(NEXT).length - 1))],
    [
      'all of it comes later',
      (peer) => sendPieces(peer, cutAt(counted(NEXT), counted(NEXT).length - NEXT.length)),
    ],
    ['60 KiB of it come later', (peer) => sendPieces(peer, cutAt(counted(pattern(60 * KiB)), 100))],
    ['it comes byte by byte', (peer) => drip(peer, counted(NEXT))],
  ])('is read past, and the connection lives, where %s', async (_, send) => {
    expect(await textsAfter(early, send)).toEqual(['early', 'next'])
    expect(await textsAfter(async (req) => early(req), send)).toEqual(['early', 'next'])
  })

  const headOf = (method: string) =>
    `${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: ${NEXT.length}\r\n\r\n`

  test.each(['GET', 'HEAD', 'DELETE'])(
    'closes the connection of a %s that is answered before a byte of it has come (RFC 9110 §9.3.1)',
    async (method) => {
      const server = await serve(early)
      const peer = await connectPeer(server.port)
      const answer = await peer.send(headOf(method)).response(method)
      expect([answer.status, answer.header('connection')]).toEqual([200, 'close'])
      peer.send(NEXT + NEXT)
      await peer.ended()
      expect(server.stats().served).toBe(1)
    },
  )

  test.each(['GET', 'DELETE', 'OPTIONS', 'PUT', 'PATCH', 'QUERY'])(
    'is read past, and the connection lives, where a byte of it has come, or %s gives it a meaning',
    async (method) => {
      const server = await serve(early)
      const first = /^(GET|DELETE)$/.test(method) ? 1 : 0
      const peer = await connectPeer(server.port)
      expect((await peer.send(headOf(method) + NEXT.slice(0, first)).response()).text).toBe('early')
      expect((await peer.send(NEXT.slice(first) + NEXT).response()).text).toBe('next')
    },
  )

  test('may be read by a GET, where it comes later', async () => {
    const server = await serve(async (req) => ({ body: await req.body!.text() }))
    const peer = await connectPeer(server.port)
    peer.send(headOf('GET'))
    await eventually(() => server.stats().inFlight).toBe(1)
    expect((await peer.send(NEXT).response()).text).toBe(NEXT)
    expect((await peer.send(headOf('GET') + NEXT).response()).text).toBe(NEXT)
  })

  test('is read past from where the handler stopped', async () => {
    const handler: Handler = async (req) => {
      if (req.uri === '/next') return { body: 'next' }
      for await (const piece of req.body!) return { body: `first of ${piece.length > 0}` }
      return { body: 'nothing' }
    }
    for (const send of [
      (peer: RawPeer) => peer.send(counted(pattern(60 * KiB))),
      (peer: RawPeer) => drip(peer, counted(NEXT)),
      (peer: RawPeer) => peer.send(chunked([NEXT, NEXT])),
    ]) {
      expect(await textsAfter(handler, send)).toEqual(['first of true', 'next'])
    }
  })

  test('is read past from where the handler cancelled its stream', async () => {
    const handler: Handler = async (req) => {
      if (req.uri === '/next') return { body: 'next' }
      const reader = req.body!.stream().getReader()
      await reader.read()
      await reader.cancel()
      return { body: 'cancelled' }
    }
    expect(await textsAfter(handler, (peer) => drip(peer, counted(NEXT)))).toEqual(['cancelled', 'next'])
  })

  test.each<[string, string, Bytes]>([
    ['a length', `Content-Length: ${8 * MiB}`, pattern(8 * MiB)],
    [
      'chunks',
      'Transfer-Encoding: chunked',
      Buffer.from(`${(64 * KiB).toString(16)}\r\n${'x'.repeat(64 * KiB)}\r\n`.repeat(64)),
    ],
  ])(
    'closes the connection where much is to come, and the client that sends on gets its answer: with %s',
    async (_, field, body) => {
      const calls: string[] = []
      const server = await serve((req) => {
        calls.push(req.uri)
        return early(req)
      })
      const peer = await connectPeer(server.port)
      peer.pause().send(`POST / HTTP/1.1\r\nHost: x\r\n${field}\r\n\r\n`)
      await eventually(() => server.stats().served).toBe(1)
      await peer.send(body).flushed()
      const [answer, ...rest] = await peer.resume().responsesUntilEnd()
      expect([answer?.text, answer?.header('connection'), rest]).toEqual(['early', 'close', []])
      await peer.send(NEXT).flushed()
      peer.finish()
      await eventually(() => server.stats().connections).toBe(0)
      expect(calls).toEqual(['/'])
    },
  )
})

describe('where the client is gone before the end of its body', () => {
  const half = counted(pattern(1000)).subarray(0, -500)

  /** A server that reads in this way, and how the reading ended. */
  async function readingBy(read: (body: RequestBody) => Promise<unknown>) {
    let outcome: unknown
    let called = () => {}
    const begun = new Promise<void>((resolve) => {
      called = resolve
    })
    const server = await serve(async (req) => {
      called()
      outcome = await read(req.body!).then(
        () => 'read',
        (error: unknown) => error,
      )
      return {}
    })
    const peer = await connectPeer(server.port)
    await peer.send(half).flushed()
    await begun
    return { server, peer, outcome: () => outcome }
  }

  test.each(ways)('%s rejects', async (_, read) => {
    for (const leave of ['reset', 'destroy', 'finish'] as const) {
      const { server, peer, outcome } = await readingBy(read)
      peer[leave]()
      await eventually(outcome).toBeInstanceOf(Error)
      if (leave === 'finish') peer.destroy()
      await eventually(() => server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
    }
  })

  test('what had come can be read before that', async () => {
    const server = await serve(async (req) => {
      let length = 0
      try {
        for await (const piece of req.body!) length += piece.length
      } catch (error) {
        lengths.push([length, (error as Error).message])
      }
      return {}
    })
    const lengths: [number, string][] = []
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [half])
    peer.destroy()
    await eventually(() => lengths).toEqual([[500, expect.any(String)]])
  })

  test('nothing happens to a handler that does not read', async () => {
    let finish = () => {}
    const server = await serve(
      () =>
        new Promise<RingResponse>((resolve) => {
          finish = () => resolve({ body: 'done' })
        }),
    )
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [half])
    peer.reset()
    await eventually(() => server.stats().connections).toBe(0)
    finish()
    await turn()
    expect([server.errors, server.stats().inFlight]).toEqual([[], 0])
  })

  test('a later read rejects at once', async () => {
    const outcomes: unknown[] = []
    let readNow = () => {}
    const server = await serve(async (req) => {
      await new Promise<void>((resolve) => {
        readNow = resolve
      })
      outcomes.push(await req.body!.bytes().catch((error: unknown) => error))
      return {}
    })
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [half])
    peer.reset()
    await eventually(() => server.stats().connections).toBe(0)
    readNow()
    await eventually(() => outcomes).toEqual([expect.any(Error)])
  })
})

describe('a body that turns out bad on its way', () => {
  const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'

  test('rejects the read, is answered with 400, and ends the connection', async () => {
    const outcomes: unknown[] = []
    const reached = deferred()
    const server = await serve(async (req) => {
      reached.resolve()
      outcomes.push(await req.body!.bytes().catch((error: unknown) => error))
      return { body: 'the handler’s' }
    })
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [head, '3\r\nabc\r\n'])
    await reached.promise
    peer.send(`x\r\n${NEXT}`)
    const answers = await peer.responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([400])
    await eventually(() => outcomes).toMatchObject([
      { name: 'ProtocolError', code: 'BAD_CHUNK_SIZE', status: 400 },
    ])
    expect(server.stats().inFlight).toBe(0)
  })

  test('never reaches the handler where it came with its head', async () => {
    let calls = 0
    const server = await serve(() => {
      calls++
      return {}
    })
    const peer = await connectPeer(server.port)
    peer.send(`${head}3\r\nabc\r\nx\r\n${NEXT}`)
    expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([400])
    expect(calls).toBe(0)
  })

  test('cuts an answer that has begun', async () => {
    const server = await serve((req) => ({ body: req.body! }))
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [`${head}3\r\nabc\r\n`])
    while ((await peer.line()) !== '');
    expect([await peer.line(), await peer.line()]).toEqual(['3', 'abc'])
    await peer.send('x\r\n').ended()
    peer.destroy()
    await eventually(() => server.stats()).toMatchObject({ connections: 0, inFlight: 0 })
    expect(server.errors).toEqual([])
  })

  test('takes no earlier answer with it, however late that is read', async () => {
    const server = await serve((req) => ({ body: req.uri === '/first' ? 'whole' : req.body! }))
    const peer = await connectPeer(server.port)
    peer.pause().send(`GET /first HTTP/1.1\r\nHost: a\r\n\r\n${head}3\r\nabc\r\n`)
    await eventually(() => server.stats().bytesOut).toBeGreaterThan(200)
    // More than one read takes: what is left in the socket would be answered by a reset.
    peer.send(`x\r\n${'more'.repeat(250_000)}`)
    await eventually(() => server.stats().inFlight).toBe(0)
    // A reset would be on its way by now.
    await sleep(50)
    peer.resume()
    expect((await peer.response()).text).toBe('whole')
    expect((await peer.bytesUntilEnd()).toString()).toMatch(/^HTTP\/1\.1 200 .*abc\r\n$/s)
  })

  test('closes silently where it was answered before', async () => {
    const server = await serve(() => ({ body: 'early' }))
    const peer = await connectPeer(server.port)
    await sendPieces(peer, [head])
    expect((await peer.response()).header('connection')).toBe('close')
    await peer.send('x\r\n').ended()
  })
})

describe('maxBody', () => {
  async function outcomeOf(
    request: Bytes,
    options: ServerOptions,
  ): Promise<{ status: number; calls: number; server: TestServer }> {
    let calls = 0
    const server = await serve(async (req) => {
      calls++
      return { body: String((await req.body?.bytes())?.length ?? 0) }
    }, options)
    const peer = await connectPeer(server.port)
    const answer = await peer.send(request).response()
    if (answer.status === 413) await peer.ended()
    return { status: answer.status, calls, server }
  }

  test.each<[string, number, Bytes, number]>([
    ['a length just at', 100, counted(pattern(100)), 200],
    ['a length just over', 100, counted(pattern(101)), 413],
    ['one chunk just at', 100, chunked([pattern(100)]), 200],
    ['one chunk just over', 100, chunked([pattern(101)]), 413],
    ['chunks that sum up to just', 100, chunked([pattern(40), pattern(60)]), 200],
    ['chunks that sum up to just over', 100, chunked([pattern(40), pattern(60), pattern(1)]), 413],
    ['no body, with', 0, counted(''), 200],
    ['one byte, with', 0, counted('a'), 413],
    ['one byte in a chunk, with', 0, chunked(['a']), 413],
  ])('holds %s %i bytes', async (_, maxBody, request, status) => {
    const whole = await outcomeOf(request, { maxBody })
    expect([whole.status, whole.calls]).toEqual([status, status === 200 ? 1 : 0])
  })

  test('is 8 MiB by default', async () => {
    expect((await outcomeOf(counted(pattern(8 * MiB)), {})).status).toBe(200)
    expect((await outcomeOf(chunked([pattern(5 * MiB), pattern(3 * MiB)]), {})).status).toBe(200)
    expect(
      (await outcomeOf(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8 * MiB + 1}\r\n\r\n`, {})).status,
    ).toBe(413)
    expect((await outcomeOf(chunked([pattern(5 * MiB), pattern(3 * MiB), 'a']), {})).status).toBe(413)
  })

  test('refuses a chunk by its size, before its data', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await outcomeOf(`${head}32\r\n${'a'.repeat(50)}\r\n33\r\n`, { maxBody: 100 })).toMatchObject({
      status: 413,
    })
    expect(await outcomeOf(`${head}65\r\n`, { maxBody: 100 })).toMatchObject({ status: 413, calls: 0 })
  })

  test('rejects the read of a handler that is reading, and answers 413', async () => {
    const outcomes: unknown[] = []
    const reached = deferred()
    const server = await serve(
      async (req) => {
        reached.resolve()
        outcomes.push(await req.body!.bytes().catch((error: unknown) => error))
        return { body: 'the handler’s' }
      },
      { maxBody: 100 },
    )
    const peer = await connectPeer(server.port)
    const bytes = chunked([pattern(60), pattern(60)])
    const [begun, rest] = cutAt(bytes, bytes.length - 70)
    peer.send(begun!)
    await reached.promise
    peer.send(rest!)
    const answers = await peer.responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([413])
    await eventually(() => outcomes).toMatchObject([{ code: 'BODY_TOO_LARGE', status: 413 }])
  })
})

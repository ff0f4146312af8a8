// wrapMultipartParams: what becomes of the parts of a form, on a server. Its temporary files have a test of their own.
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../src/core.js'
import { wrapMultipartParams } from '../../src/middleware.js'
import { asChannel, type Handler, type RingRequest, type RingResponse } from '../../src/server.js'
import { drip } from '../support/drip-feed.js'
import { ask, connectPeer, serve } from '../support/raw-peer.js'
import {
  type Bytes,
  headOf,
  multipart,
  NEXT,
  type PartToWrite,
  posted,
  postedInChunks,
  URLENCODED,
} from '../support/upload-request.js'
import { type Told, tell, toldOf, watchTemporaryFiles } from '../support/upload-service.js'

const KiB = 1024

async function toldBy(handler: Handler, request: Bytes): Promise<Told> {
  watchTemporaryFiles()
  const server = await serve(handler)
  const answer = await ask(server.port, request)
  expect([answer.status, answer.text, server.errors]).toEqual([200, expect.any(String), []])
  return JSON.parse(answer.text)
}

const toldOfParts = (parts: PartToWrite[]): Promise<Told> => toldBy(tell(), posted(multipart(parts)))

const binary = Uint8Array.from({ length: 1000 }, (_, index) => (index * 7) % 256)

describe('a field', () => {
  test('is its text, by its name', async () => {
    const parts = [
      { name: 'a', content: '1' },
      { name: 'größe', content: 'naïve ☕\r\nsecond line' },
      { name: 'empty', content: '' },
    ]
    expect(await toldOfParts(parts)).toEqual({ a: '1', größe: 'naïve ☕\r\nsecond line', empty: '' })
  })

  test.each<[type: string | undefined, content: Bytes, text: string]>([
    [undefined, 'é', 'é'],
    [undefined, Buffer.from('\xe9', 'latin1'), '\ufffd'],
    ['text/plain', 'é', 'é'],
    ['text/plain; charset=iso-8859-1', Buffer.from('\xe9', 'latin1'), 'é'],
    ['text/plain; charset=windows-1252', Buffer.from([0x80, 0x99]), '€™'],
    ['text/plain; charset="Shift_JIS"', Buffer.from([0x83, 0x65, 0x83, 0x58]), 'テス'],
    ['text/plain; charset=klingon', 'é', 'é'],
    ['application/json', '{"a":"é"}', '{"a":"é"}'],
  ])('is read by the charset of its type, else as UTF-8: %s', async (type, content, text) => {
    expect(await toldOfParts([{ name: 'a', content, ...(type && { type }) }])).toEqual({ a: text })
  })
})

describe('a file', () => {
  test('has a name, a type, a size and its bytes', async () => {
    const parts = [
      { name: 'text', filename: 'naïve ☕.txt', type: 'text/plain', content: 'hello' },
      { name: 'binary', filename: 'a.bin', type: 'application/octet-stream', content: binary },
      { name: 'untyped', filename: 'a', content: 'x' },
      { name: 'empty', filename: 'empty.txt', type: 'text/plain; charset=utf-8', content: '' },
      {
        name: 'lines',
        filename: 'lines',
        type: 'text/x',
        content: '\r\n--b\r\n--\r\n-b--\r\n'.replace('--b\r', '--c\r'),
      },
    ]
    expect(await toldOfParts(parts)).toEqual({
      text: toldOf('naïve ☕.txt', 'text/plain', 'hello'),
      binary: toldOf('a.bin', 'application/octet-stream', binary),
      untyped: toldOf('a', 'text/plain', 'x'),
      empty: toldOf('empty.txt', 'text/plain; charset=utf-8', ''),
      lines: toldOf('lines', 'text/x', '\r\n--c\r\n--\r\n-b--\r\n'),
    })
  })

  test('that a browser sends for an input left empty has no name and no bytes', async () => {
    const part = { name: 'a', filename: '', type: 'application/octet-stream', content: '' }
    expect(await toldOfParts([part])).toEqual({ a: toldOf('', 'application/octet-stream', '') })
  })

  test.each([KiB, 64 * KiB, 256 * KiB, 5 * 1024 * KiB])('of %i bytes is whole', async (size) => {
    const content = Buffer.alloc(size, binary)
    const part = { name: 'a', filename: 'a.bin', type: 'x/y', content }
    for (const request of [posted(multipart([part])), postedInChunks(slices(multipart([part]), 10_007))]) {
      expect(await toldBy(tell(), request)).toEqual({ a: toldOf('a.bin', 'x/y', content) })
    }
  })

  test('whose name is a path is no path to anything: it is told as it came', async () => {
    const names = [
      '../../etc/passwd',
      '/etc/passwd',
      'C:\\fakepath\\a.txt',
      '..',
      '.',
      'a\0b'.replace('\0', '%00'),
    ]
    const parts = names.map((filename) => ({ name: 'a', filename, type: 'x/y', content: filename }))
    const { a } = await toldOfParts(parts)
    expect(a).toEqual(names.map((name) => toldOf(name, 'x/y', name)))
  })
})

function slices(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  )
}

describe('a name', () => {
  test('that is repeated has an array, in order: texts and files alike', async () => {
    const parts = [
      { name: 'a', content: '1' },
      { name: 'b', content: 'once' },
      { name: 'a', filename: 'x', type: 'x/y', content: 'file' },
      { name: 'a', content: '3' },
      { name: 'a', content: '1' },
    ]
    const a = ['1', toldOf('x', 'x/y', 'file'), '3', '1']
    expect(await toldOfParts(parts)).toEqual({ a, b: 'once' })
  })

  test('may be what objects inherit, and nothing is inherited', async () => {
    const names = ['__proto__', 'constructor', 'toString', '__proto__', '']
    const server = await serve(
      wrapMultipartParams((req) => ({
        body: JSON.stringify([
          Object.entries(req.multipartParams),
          Object.entries(req.params),
          'valueOf' in req.multipartParams || 'valueOf' in req.params,
        ]),
      })),
    )
    const body = multipart(names.map((name, index) => ({ name, content: String(index) })))
    const entries = [
      ['__proto__', ['0', '3']],
      ['constructor', '1'],
      ['toString', '2'],
      ['', '4'],
    ]
    expect(JSON.parse((await ask(server.port, posted(body))).text)).toEqual([entries, entries, false])
    expect(({} as { 0?: unknown })[0]).toBeUndefined()
  })
})

describe('params', () => {
  test('are the parts, over what was there before', async () => {
    const inner = wrapMultipartParams((req) => ({ body: JSON.stringify(req.params) }))
    const handler: Handler = (req) => inner({ ...req, params: { id: '7', a: 'before' } } as RingRequest)
    const request = posted(multipart([{ name: 'a', content: 'part' }]))
    expect(await toldBy(handler, request)).toEqual({ id: '7', a: 'part' })
    expect(await toldBy(handler, NEXT)).toEqual({ id: '7', a: 'before' })
  })

  test('are there in a copy of the request, with all that was in it', async () => {
    const seen: RingRequest[] = []
    const inner = wrapMultipartParams((req) => {
      seen.push(req)
      return { body: '{}' }
    })
    await toldBy(
      (req) => {
        seen.push(Object.freeze(req))
        return inner(req)
      },
      posted(multipart([{ name: 'a', content: '1' }]), { target: '/path?q=1' }),
    )
    const [bare, wrapped] = seen
    const { multipartParams, params, ...rest } = wrapped as RingRequest & Record<string, unknown>
    expect([multipartParams, params]).toEqual([{ a: '1' }, { a: '1' }])
    expect(Object.keys(rest)).toEqual(Object.keys(bare!))
    expect(rest).toMatchObject({ uri: '/path', queryString: 'q=1', headers: bare!.headers })
    expect(rest.asyncChannel).toBe(bare!.asyncChannel)
    expect(bare).not.toHaveProperty('multipartParams')
  })
})

describe('a request', () => {
  const parts = [
    { name: 'note', content: 'hi' },
    { name: 'file', filename: 'a.txt', type: 'text/plain', content: 'hello\r\n' },
  ]
  const told = { note: 'hi', file: toldOf('a.txt', 'text/plain', 'hello\r\n') }
  const body = multipart(parts)

  test.each<[how: string, request: Buffer]>([
    ['of a stated length', posted(body)],
    ['in one chunk', postedInChunks([body])],
    ['in chunks of one byte', postedInChunks(slices(body, 1))],
    ['by PUT', posted(body, { method: 'PUT' })],
    ['by GET', posted(body, { method: 'GET' })],
    ['whose type is written in any case', posted(body, { type: 'Multipart/Form-Data; Boundary=b' })],
    ['whose boundary is quoted', posted(body, { type: 'multipart/form-data; boundary="b"' })],
    ['whose type has a charset', posted(body, { type: 'multipart/form-data; charset=utf-8; boundary=b' })],
    [
      'whose boundary comes before a charset',
      posted(body, { type: 'multipart/form-data; boundary=b; charset=utf-8' }),
    ],
    [
      'with a preamble and an epilogue',
      posted(Buffer.concat([Buffer.from('pre\r\n'), body, Buffer.from('epi\r\n--b\r\n')])),
    ],
    ['without a last line end', posted(body.subarray(0, -2))],
  ])('is read: one %s', async (_, request) => {
    expect(await toldBy(tell(), request)).toEqual(told)
  })

  test('is read byte by byte, and its connection goes on', async () => {
    watchTemporaryFiles()
    const server = await serve(tell())
    const peer = await connectPeer(server.port)
    for (const request of [posted(body), postedInChunks(slices(body, 30))]) {
      await drip(peer, request)
      expect(JSON.parse((await peer.response()).text)).toEqual(told)
    }
    expect((await peer.send(NEXT).response()).text).toBe('{}')
  })

  test('that comes pipelined with others is answered in its turn', async () => {
    watchTemporaryFiles()
    const server = await serve(tell())
    const peer = await connectPeer(server.port)
    peer.send(Buffer.concat([posted(body), Buffer.from(NEXT), postedInChunks([body]), Buffer.from(NEXT)]))
    const answers = await peer.responses(4)
    expect(answers.map(({ text }) => JSON.parse(text))).toEqual([told, {}, told, {}])
  })

  test('that waits to send is asked for its body', async () => {
    watchTemporaryFiles()
    const server = await serve(tell())
    const peer = await connectPeer(server.port)
    expect(
      (await peer.send(headOf(body.length, { fields: ['Expect: 100-continue'] })).response()).status,
    ).toBe(100)
    expect(JSON.parse((await peer.send(body).response()).text)).toEqual(told)
  })

  test('of no part has none', async () => {
    expect(await toldBy(tell(), posted('--b--\r\n'))).toEqual({})
    expect(await toldBy(tell(), posted('--b--'))).toEqual({})
  })

  test.each<[what: string, request: Bytes, read: string | undefined]>([
    ['no body', NEXT, undefined],
    ['an empty body', posted(''), undefined],
    ['a urlencoded form', posted('a=1', { type: URLENCODED }), 'a=1'],
    ['another kind of multipart', posted(body, { type: 'multipart/mixed; boundary=b' }), body.toString()],
    [
      'a type that only begins alike',
      posted(body, { type: 'multipart/form-data-not; boundary=b' }),
      body.toString(),
    ],
    [
      'a type with another in its parameters',
      posted(body, { type: 'text/plain; was=multipart/form-data; boundary=b' }),
      body.toString(),
    ],
    ['no type', posted(body, { type: undefined }), body.toString()],
  ])('with %s has no parts, and its body is left for the handler', async (_, request, read) => {
    const handler = wrapMultipartParams(async (req) => ({
      body: JSON.stringify([req.multipartParams, req.params, await req.body?.text()]),
    }))
    expect(await toldBy(handler, request)).toEqual([{}, {}, read ?? null])
  })

  test('without parts is handed on at once: a handler that answers at once still does', async () => {
    const response = { body: 'at once' }
    const outcomes: unknown[] = []
    const handler = wrapMultipartParams(() => response)
    const server = await serve((req) => {
      const outcome = handler(req)
      outcomes.push(outcome)
      return outcome
    })
    await ask(server.port, NEXT)
    await ask(server.port, posted('a=1', { type: URLENCODED }))
    expect(outcomes).toEqual([response, response])
  })

  test('that is wrapped twice is read once', async () => {
    const handler = wrapMultipartParams(
      wrapMultipartParams((req) => ({ body: JSON.stringify([req.multipartParams, req.params]) })),
    )
    const a = { a: '1' }
    expect(await toldBy(handler, posted(multipart([{ name: 'a', content: '1' }])))).toEqual([a, a])
  })

  test('may be answered by its channel, later', async () => {
    const handler = wrapMultipartParams((req) =>
      asChannel(req, {
        onOpen: (channel) => void setImmediate(() => channel.send(JSON.stringify(req.multipartParams))),
      }),
    )
    expect(await toldBy(handler, posted(multipart([{ name: 'a', content: '1' }])))).toEqual({ a: '1' })
  })

  test('whose handler fails is answered with 500, and logged', async () => {
    watchTemporaryFiles()
    const failures: (() => RingResponse | Promise<RingResponse>)[] = [
      () => {
        throw new Error('of mine')
      },
      () => Promise.reject(new ProtocolError('FILE_TOO_LARGE', 'of mine', { status: 413 })),
    ]
    for (const failure of failures) {
      const server = await serve(wrapMultipartParams(failure))
      const peer = await connectPeer(server.port)
      for (const request of [posted(body), Buffer.from(NEXT)]) {
        expect((await peer.send(request).response()).status).toBe(500)
      }
      expect(server.errors).toMatchObject([
        { error: { message: 'of mine' } },
        { error: { message: 'of mine' } },
      ])
    }
  })
})

describe('many at once', () => {
  test('100 uploads are each what they were', async () => {
    const temporary = watchTemporaryFiles()
    const server = await serve(tell())
    const uploads = Array.from({ length: 100 }, async (_, n) => {
      const content = Buffer.alloc(50_000 + n, `${n} `)
      const part = { name: 'file', filename: `${n}.txt`, type: 'text/plain', content }
      const body = multipart([{ name: 'n', content: String(n) }, part])
      const answer = await ask(server.port, n % 2 ? posted(body) : postedInChunks(slices(body, 7919)))
      expect(JSON.parse(answer.text)).toEqual({
        n: String(n),
        file: toldOf(`${n}.txt`, 'text/plain', content),
      })
    })
    await Promise.all(uploads)
    await expect.poll(temporary.names).toEqual([])
    expect(server.errors).toEqual([])
  })

  test('one that is slow holds up no other', async () => {
    watchTemporaryFiles()
    const server = await serve(tell())
    const slow = await connectPeer(server.port)
    const content = Buffer.alloc(100_000, 'slow')
    const request = posted(multipart([{ name: 'file', filename: 's', type: 'x/y', content }]))
    await slow.send(request.subarray(0, 60_000)).flushed()
    for (let n = 0; n < 20; n++) {
      const quick = posted(multipart([{ name: 'n', content: String(n) }]))
      expect(JSON.parse((await ask(server.port, quick)).text)).toEqual({ n: String(n) })
    }
    const answer = await slow.send(request.subarray(60_000)).response()
    expect(JSON.parse(answer.text)).toEqual({ file: toldOf('s', 'x/y', content) })
  })
})

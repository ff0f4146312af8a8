// wrapMultipartParams with a store of the user's: what it is given, and what becomes of what it returns.
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { MultipartPart } from '../../src/core.js'
import { wrapMultipartParams } from '../../src/middleware.js'
import { temporaryFolder } from '../support/programs.js'
import { connectPeer, serve } from '../support/raw-peer.js'
import { multipart, NEXT, type PartToWrite, posted } from '../support/upload-request.js'
import { sha256, watchTemporaryFiles } from '../support/upload-service.js'

type Store = (part: MultipartPart) => Promise<object>
type Options = NonNullable<Parameters<typeof wrapMultipartParams>[1]>

const large = Buffer.alloc(300_000, 'some bytes, ')
const file = (name: string, content: string | Uint8Array = 'content'): PartToWrite => ({
  name,
  filename: `${name}.txt`,
  type: 'text/plain',
  content,
})

/** The answer to these parts, the connection it came on, and what was told to the error logger. */
async function upload(store: Store, parts: PartToWrite[], options: Options = {}) {
  const temporary = watchTemporaryFiles()
  let calls = 0
  const handler = wrapMultipartParams(
    (req) => {
      calls++
      return { body: JSON.stringify(req.multipartParams) }
    },
    { ...options, store },
  )
  const server = await serve((req) => (req.uri === '/next' ? { body: 'next' } : handler(req)))
  const peer = await connectPeer(server.port)
  const answer = await peer.send(posted(multipart(parts))).response()
  expect(temporary.names()).toEqual([])
  const errors = server.errors.map(({ error }) => error)
  return { answer, told: answer.status === 200 ? JSON.parse(answer.text) : undefined, peer, errors, calls }
}

const told = async (...args: Parameters<typeof upload>) => {
  const { told, answer, errors } = await upload(...args)
  expect([answer.status, errors]).toEqual([200, []])
  return told
}

describe('a store', () => {
  test('is given each file, one after the other in their order, and no field', async () => {
    const events: string[] = []
    const store: Store = async (part) => {
      events.push(`${part.name} begins`)
      await part.bytes()
      await new Promise((resolve) => setImmediate(resolve))
      events.push(`${part.name} ends`)
      return {}
    }
    await upload(store, [file('a'), { name: 'field', content: 'text' }, file('b', large), file('a')])
    expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'a begins', 'a ends'])
  })

  test('is given a part: its head, and its bytes in one of four ways', async () => {
    const ways: ((part: MultipartPart) => Promise<Uint8Array>)[] = [
      (part) => part.bytes(),
      async (part) => Buffer.from(await part.text()),
      async (part) => Buffer.from(await new Response(part.stream()).arrayBuffer()),
      async (part) => {
        const pieces: Uint8Array[] = []
        for await (const piece of part) pieces.push(Uint8Array.from(piece))
        return Buffer.concat(pieces)
      },
    ]
    for (const way of ways) {
      const { f } = await told(
        async (part) => {
          const { name, filename, contentType, headers } = part
          return { seen: { name, filename, contentType, headers }, sha256: sha256(await way(part)) }
        },
        [file('f', large)],
      )
      expect(f).toEqual({
        filename: 'f.txt',
        contentType: 'text/plain',
        size: large.length,
        sha256: sha256(large),
        seen: {
          name: 'f',
          filename: 'f.txt',
          contentType: 'text/plain',
          headers: {
            'content-disposition': 'form-data; name="f"; filename="f.txt"',
            'content-type': 'text/plain',
          },
        },
      })
    }
  })

  test('adds what it returns to what is told of the file', async () => {
    const read: Store = async (part) => ({ id: part.filename!.length, sum: (await part.bytes()).length })
    expect(await told(read, [file('a'), file('b'), file('a', '')])).toEqual({
      a: [
        { filename: 'a.txt', contentType: 'text/plain', size: 7, id: 5, sum: 7 },
        { filename: 'a.txt', contentType: 'text/plain', size: 0, id: 5, sum: 0 },
      ],
      b: { filename: 'b.txt', contentType: 'text/plain', size: 7, id: 5, sum: 7 },
    })
  })

  test('may have a name for the file that is its own', async () => {
    const { a } = await told(async () => ({ filename: 'mine', contentType: 'of/mine' }), [file('a')])
    expect(a).toMatchObject({ filename: 'mine', contentType: 'of/mine' })
  })

  test('need not be asynchronous, and need not return anything', async () => {
    const sync = (() => ({ id: 1 })) as unknown as Store
    expect(await told(sync, [file('a')])).toMatchObject({ a: { filename: 'a.txt', id: 1 } })
    const nothing = (async () => undefined) as unknown as Store
    expect(await told(nothing, [file('a')])).toMatchObject({ a: { filename: 'a.txt' } })
  })

  test('need not read: the file is read past, what comes behind it is read, and its size is the whole', async () => {
    const parts = [file('a', large), { name: 'b', content: 'text' }, file('c')]
    expect(await told(async () => ({ kept: false }), parts)).toEqual({
      a: { filename: 'a.txt', contentType: 'text/plain', size: large.length, kept: false },
      b: 'text',
      c: { filename: 'c.txt', contentType: 'text/plain', size: 7, kept: false },
    })
  })

  test('need not read to the end', async () => {
    const store: Store = async (part) => {
      for await (const piece of part) return { first: piece.length > 0 }
      return { first: false }
    }
    expect(await told(store, [file('a', large), { name: 'b', content: 'text' }])).toEqual({
      a: { filename: 'a.txt', contentType: 'text/plain', size: large.length, first: true },
      b: 'text',
    })
  })

  test('is held by the limits, though it does not read', async () => {
    const skip: Store = async () => ({})
    const limited = { maxFileSize: large.length - 1 }
    expect((await upload(skip, [file('a', large)], limited)).answer.status).toBe(413)
    expect((await upload(skip, [file('a', large)], { maxFileSize: large.length })).answer.status).toBe(200)
  })

  test('reads at its own speed: the client is read no faster', async () => {
    let goOn = (): void => {}
    const held = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const handler = wrapMultipartParams((req) => ({ body: JSON.stringify(req.multipartParams) }), {
      store: async (part) => {
        let size = 0
        for await (const piece of part) {
          if (size === 0) await held
          size += piece.length
        }
        return { read: size }
      },
    })
    const server = await serve(handler, { maxBody: 2 ** 26 })
    const content = Buffer.alloc(2 ** 25, 'x')
    const peer = await connectPeer(server.port)
    peer.send(posted(multipart([file('a', content)])))
    let last = -1
    await expect
      .poll(() => last === (last = server.stats().bytesIn), { interval: 200, timeout: 10_000 })
      .toBe(true)
    expect(last).toBeGreaterThan(0)
    expect(last).toBeLessThan(2 ** 21)
    goOn()
    expect(JSON.parse((await peer.response()).text)).toMatchObject({
      a: { read: content.length, size: content.length },
    })
  })
})

test('what a store has written is its own business, however the request ends', async () => {
  const folder = temporaryFolder()
  let count = 0
  const store: Store = async (part) => {
    const tempfile = join(folder, String(count++))
    await writeFile(tempfile, part)
    return { tempfile }
  }
  await upload(store, [file('a')])
  expect((await upload(store, [file('a'), file('b', large)], { maxFileSize: 10 })).answer.status).toBe(413)
  // The one in whose middle the request was refused has not been told of.
  await expect.poll(() => readdirSync(folder).sort()).toEqual(['0', '1', '2'])
  expect(readFileSync(join(folder, '1'), 'utf8')).toBe('content')
})

describe('a store that fails', () => {
  const failures: [string, Store][] = [
    ['before it reads', () => Promise.reject(new Error('of the store'))],
    [
      'without a promise',
      () => {
        throw new Error('of the store')
      },
    ],
    [
      'in the middle of a file',
      async (part) => {
        for await (const _piece of part) throw new Error('of the store')
        return {}
      },
    ],
    [
      'after the file',
      async (part) => {
        await part.bytes()
        throw new Error('of the store')
      },
    ],
    [
      'with an error that has a status',
      () => Promise.reject(Object.assign(new Error('of the store'), { name: 'ProtocolError', status: 413 })),
    ],
  ]

  test.each(failures)('%s is a 500, logged once, and the handler is not called', async (_, store) => {
    for (const content of ['small', large]) {
      const { answer, errors, calls, peer } = await upload(store, [file('a', content), file('b')])
      expect([answer.status, answer.text, calls]).toEqual([500, '', 0])
      expect(errors).toMatchObject([{ message: 'of the store' }])
      if (answer.header('connection') === 'close') await peer.ended()
      else expect((await peer.send(NEXT).response()).text).toBe('next')
    }
  })

  test('is not asked again for what comes behind', async () => {
    const names: (string | undefined)[] = []
    const store: Store = (part) => {
      names.push(part.name)
      return Promise.reject(new Error('of the store'))
    }
    await upload(store, [file('a'), file('b')])
    expect(names).toEqual(['a'])
  })

  test('because the message is wrong does not hide that', async () => {
    const reads: Store = async (part) => ({ length: (await part.bytes()).length })
    const swallows: Store = async (part) => ({
      length: await part.bytes().then(
        (bytes) => bytes.length,
        () => -1,
      ),
    })
    for (const store of [reads, swallows]) {
      const { answer, errors, calls } = await upload(store, [file('a', large)], { maxFileSize: 1000 })
      expect([answer.status, errors, calls]).toEqual([413, [], 0])
    }
  })
})

test('a store has the default’s place: nothing is written', async () => {
  const source = readFileSync(new URL(import.meta.url), 'utf8')
  const { a } = await told(async (part) => ({ text: await part.text() }), [file('a', source)])
  expect(a).toMatchObject({ text: source })
})

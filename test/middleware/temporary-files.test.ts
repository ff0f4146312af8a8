// The temporary files of wrapMultipartParams: there while a request is under way, and in no case longer.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { wrapMultipartParams } from '../../src/middleware.js'
import {
  asChannel,
  type Channel,
  file,
  type Handler,
  type RingResponse,
  type ServerOptions,
} from '../../src/server.js'
import { sendPieces } from '../support/drip-feed.js'
import { ask, connectPeer, eventually, type RawPeer, serve, type TestServer } from '../support/raw-peer.js'
import { multipart, NEXT, type PartToWrite, posted, postedInChunks } from '../support/upload-request.js'
import { type StoredFile, tell, watchTemporaryFiles } from '../support/upload-service.js'
import { type Deferred, deferred } from '../support/waiting.js'

const MiB = 1024 * 1024
type MultipartOptions = Parameters<typeof wrapMultipartParams>[1]
type Given = Record<string, StoredFile>

const content = Buffer.alloc(300_000, 'some bytes, ')
const part = (name: string, bytes: Uint8Array = content): PartToWrite => ({
  name,
  filename: `${name}.bin`,
  type: 'application/octet-stream',
  content: bytes,
})
const upload = posted(multipart([part('a')]))
/** As far as into the middle of the second file. */
const begun = posted(multipart([part('a'), part('b')])).subarray(0, 500_000)

/** Wraps a handler that is given the files, by the names of their fields. */
function withFiles(
  handler: (files: Given, req: Parameters<Handler>[0]) => RingResponse | Promise<RingResponse>,
  options?: MultipartOptions,
): Handler {
  return wrapMultipartParams((req) => handler(req.multipartParams as unknown as Given, req), options)
}

/** A server whose handler, once it has the files, waits to be told how to end. */
async function serveHeld(options?: ServerOptions) {
  const given = deferred<Given>()
  const answer: Deferred<RingResponse> = deferred()
  const server = await serve(
    withFiles((files) => {
      given.resolve(files)
      return answer.promise
    }),
    options,
  )
  return { server, given: given.promise, answer }
}

async function waitForFiles(names: () => string[], count: number): Promise<void> {
  await eventually(() => names().length).toBe(count)
}

describe('a temporary file', () => {
  test('is in the system’s folder for them, by a name of ours, for its owner alone', async () => {
    const temporary = watchTemporaryFiles()
    const before = process.umask(0)
    try {
      const { server, given, answer } = await serveHeld()
      const peer = await connectPeer(server.port)
      peer.send(upload)
      const { a } = await given
      expect(a!.tempfile.startsWith(join(temporary.folder, 'httpkit-'))).toBe(true)
      expect(a!.tempfile).not.toContain('a.bin')
      expect(statSync(a!.tempfile).mode & 0o7777).toBe(0o600)
      expect(readFileSync(a!.tempfile).equals(content)).toBe(true)
      answer.resolve({ body: 'done' })
      expect((await peer.response()).text).toBe('done')
      await eventually(temporary.names).toEqual([])
    } finally {
      process.umask(before)
    }
  })

  test('is one for each file, an empty one too, and none for a field', async () => {
    const temporary = watchTemporaryFiles()
    const { server, given, answer } = await serveHeld()
    const peer = await connectPeer(server.port)
    const parts = [part('a'), part('b', new Uint8Array()), { name: 'c', content: 'text' }, part('d')]
    peer.send(posted(multipart(parts)))
    const { a, b, d } = await given
    const paths = [a!.tempfile, b!.tempfile, d!.tempfile]
    expect(new Set(paths).size).toBe(3)
    expect(paths.map((path) => statSync(path).size)).toEqual([content.length, 0, content.length])
    expect(temporary.names()).toHaveLength(3)
    answer.resolve({})
    await peer.response()
    await eventually(temporary.names).toEqual([])
  })

  test('has a name that nobody can foretell', async () => {
    watchTemporaryFiles()
    const names: string[] = []
    const server = await serve(
      withFiles(({ a }) => {
        names.push(a!.tempfile)
        return {}
      }),
    )
    for (let n = 0; n < 20; n++) await ask(server.port, posted(multipart([part('a', Buffer.from('x'))])))
    expect(new Set(names).size).toBe(20)
    // What two of them have in common is no more than chance would have.
    for (const [n, name] of names.slice(1).entries()) {
      const [before, own] = [basename(names[n]!), basename(name)].map((one) => one.slice('httpkit-'.length))
      expect(own!.length).toBeGreaterThanOrEqual(22)
      expect(own!.slice(0, 8)).not.toBe(before!.slice(0, 8))
      expect(own!.slice(-8)).not.toBe(before!.slice(-8))
    }
  })

  test('is complete when the handler is called, and closed', async () => {
    const temporary = watchTemporaryFiles()
    const { server, given, answer } = await serveHeld()
    const peer = await connectPeer(server.port)
    peer.send(posted(multipart([part('a'), part('b')])))
    const { b } = await given
    expect((await stat(b!.tempfile)).size).toBe(content.length)
    expect(openFiles(temporary.folder)).toEqual([])
    answer.resolve({})
    await peer.response()
  })
})

/** Files of the folder that this process has open, where the system tells. */
function openFiles(folder: string): string[] {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(folder) ? path : []
    } catch {
      return [] // closed meanwhile
    }
  })
}

describe('nothing is left', () => {
  /** Sends; then there is nothing left, on the disk or open, and the server is well. */
  async function leavesNothing(
    handler: Handler,
    send: (peer: RawPeer, server: TestServer, names: () => string[]) => unknown,
    options?: ServerOptions,
  ): Promise<TestServer> {
    const temporary = watchTemporaryFiles()
    const server = await serve((req) => (req.uri === '/next' ? { body: 'next' } : handler(req)), options)
    const peer = await connectPeer(server.port)
    await send(peer, server, temporary.names)
    await eventually(temporary.names).toEqual([])
    await eventually(() => openFiles(temporary.folder)).toEqual([])
    if (server.status === 'running') expect((await ask(server.port, NEXT)).text).toBe('next')
    await eventually(() => server.stats().inFlight).toBe(0)
    return server
  }

  const statusOf = async (peer: RawPeer, request: Uint8Array) => (await peer.send(request).response()).status

  test('after an answer', async () => {
    const server = await leavesNothing(tell(), async (peer) => {
      for (let n = 0; n < 3; n++) expect(await statusOf(peer, upload)).toBe(200)
    })
    expect(server.errors).toEqual([])
  })

  test.each<[string, Handler]>([
    [
      'throws',
      () => {
        throw new Error('of mine')
      },
    ],
    ['rejects', () => Promise.reject(new Error('of mine'))],
    ['has a body of no known kind', () => ({ body: 42 as unknown as string })],
    ['returns no map', () => 'text' as unknown as RingResponse],
  ])('after a handler that %s', async (_, handler) => {
    const server = await leavesNothing(wrapMultipartParams(handler), async (peer) => {
      expect(await statusOf(peer, upload)).toBe(500)
    })
    expect(server.errors).toHaveLength(1)
  })

  test.each<[status: number, what: string, request: Buffer, options?: MultipartOptions]>([
    [
      400,
      'a part whose head is malformed',
      posted(multipart([part('a'), { head: 'no colon', content: '' }])),
    ],
    [400, 'a part without a name', posted(multipart([part('a'), { head: 'A: b', content: 'x' }]))],
    [400, 'a message without its end', posted(multipart([part('a')]).subarray(0, -6))],
    [400, 'a message that ends in a file', posted(multipart([part('a'), part('b')]).subarray(0, 500_000))],
    [
      400,
      'a boundary that is none',
      posted(Buffer.concat([multipart([part('a')]).subarray(0, -4), Buffer.from('x\r\n')])),
    ],
    [
      413,
      'a file that is too large, in the middle of it',
      posted(multipart([part('a'), part('b')])),
      { maxFileSize: 299_999 },
    ],
    [
      413,
      'a second file that is too large',
      posted(multipart([part('a'), part('b', Buffer.alloc(2 * MiB))])),
      { maxFileSize: MiB },
    ],
    [
      413,
      'a field that is too large, behind a file',
      posted(multipart([part('a'), { name: 'f', content: 'x'.repeat(100) }])),
      { maxFieldSize: 99 },
    ],
    [
      413,
      'fields that are too large together',
      posted(multipart([part('a'), { name: 'f', content: 'xx' }, { name: 'g', content: 'xx' }])),
      { maxFieldsSize: 3 },
    ],
    [413, 'too many files', posted(multipart([part('a'), part('b'), part('c')])), { maxFiles: 2 }],
    [413, 'too many parts', posted(multipart([part('a'), part('b'), part('c')])), { maxParts: 2 }],
    [413, 'too many fields', posted(multipart([part('a'), { name: 'f', content: '' }])), { maxFields: 0 }],
    [413, 'too much in all', posted(multipart([part('a'), part('b')])), { maxTotal: 500_000 }],
    [
      413,
      'too much in all, in chunks',
      postedInChunks([multipart([part('a'), part('b')])]),
      { maxTotal: 500_000 },
    ],
    [
      413,
      'a part head that is too large',
      posted(multipart([part('a'), { name: 'x'.repeat(200), content: '' }])),
      { maxHeadSize: 150 },
    ],
  ])('after a %i for %s', async (status, _, request, options) => {
    let calls = 0
    const handler = withFiles(() => {
      calls++
      return {}
    }, options)
    const server = await leavesNothing(handler, async (peer) => {
      expect(await statusOf(peer, request)).toBe(status)
    })
    expect([calls, server.errors]).toEqual([0, []])
  })

  test.each(['reset', 'destroy', 'finish'] as const)(
    'after a client that leaves in the middle of a file, by %s',
    async (leave) => {
      let calls = 0
      const handler = withFiles(() => {
        calls++
        return {}
      })
      const server = await leavesNothing(handler, async (peer, _server, names) => {
        await peer.send(begun).flushed()
        await waitForFiles(names, 2)
        peer[leave]()
      })
      expect([calls, server.errors]).toEqual([0, []])
    },
  )

  test('after a client that is gone while the handler works, though the handler works on', async () => {
    const held = deferred<RingResponse>()
    const called = deferred()
    const handler = withFiles(() => {
      called.resolve()
      return held.promise
    })
    const server = await leavesNothing(handler, async (peer, _server, names) => {
      peer.send(upload)
      await called.promise
      expect(names()).toHaveLength(1)
      peer.reset()
    })
    held.resolve({ body: 'too late' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.errors).toEqual([])
  })

  // A FIN may mean that the client has no more to say, and reads: the handler's answer is still sent.
  test.each(['destroy', 'finish'] as const)(
    'after a client that says no more while the handler works, by %s, when the handler is done',
    async (leave) => {
      const held = deferred<RingResponse>()
      const called = deferred()
      const handler = withFiles(() => {
        called.resolve()
        return held.promise
      })
      const server = await leavesNothing(handler, async (peer, _server, names) => {
        peer.send(upload)
        await called.promise
        peer[leave]()
        expect(names()).toHaveLength(1)
        held.resolve({ body: 'answered' })
        if (leave === 'finish') expect((await peer.response()).text).toBe('answered')
      })
      expect(server.errors).toEqual([])
    },
  )

  test('after a client that leaves in the middle of the answer', async () => {
    const large = posted(multipart([part('a', Buffer.alloc(32 * MiB, 'x'))]))
    await leavesNothing(
      withFiles(({ a }) => ({ body: file(a!.tempfile) })),
      async (peer, server, names) => {
        peer.pause().send(large)
        await eventually(() => server.stats().served).toBe(1)
        expect(names()).toHaveLength(1)
        peer.reset()
      },
      { maxBody: 64 * MiB },
    )
  })

  test.each<[how: string, options: { timeout: number } | undefined]>([
    ['at once', undefined],
    ['by a timeout', { timeout: 50 }],
  ])('after the server’s stop %s, with uploads in every stage', async (_, options) => {
    const called = deferred()
    const handler = withFiles(() => {
      called.resolve()
      return new Promise<RingResponse>(() => {})
    })
    await leavesNothing(handler, async (peer, server, names) => {
      peer.send(upload)
      await called.promise
      const coming = await connectPeer(server.port)
      await coming.send(begun).flushed()
      await waitForFiles(names, 3)
      await server.stop(options)
    })
  })

  test('after a stop that lets an upload end', async () => {
    await leavesNothing(tell(), async (peer, server, names) => {
      await peer.send(upload.subarray(0, 200_000)).flushed()
      await waitForFiles(names, 1)
      const stopped = server.stop({ timeout: 10_000 })
      expect((await peer.send(upload.subarray(200_000)).response()).status).toBe(200)
      peer.destroy()
      await stopped
    })
  })

  test('after files that broke off as soon as they had begun', async () => {
    const small = multipart([part('a', Buffer.from('x'))])
    const cut = posted(small.subarray(0, small.indexOf('x') + 1))
    const tooLarge = posted(multipart([part('a', Buffer.from('xx')), part('b', Buffer.from('x'))]))
    const handler = withFiles(() => ({}), { maxFileSize: 1 })
    await leavesNothing(handler, async (peer) => {
      for (let n = 0; n < 100; n++) {
        expect(await statusOf(peer, cut)).toBe(400)
        expect(await statusOf(peer, tooLarge)).toBe(413)
      }
    })
  })

  test('after the server refused what came behind: a chunk that is none, too much, too slow', async () => {
    const whole = postedInChunks([multipart([part('a'), part('b')])])
    const pieces = (rest: string) => [
      whole.subarray(0, 100_000),
      whole.subarray(100_000, 500_000),
      Buffer.from(rest),
    ]
    const small = postedInChunks([Buffer.from(multipart([part('a', Buffer.alloc(1000))]))])
    const cases: [number, Uint8Array[], ServerOptions][] = [
      [400, [small.subarray(0, -5), Buffer.from('x\r\n')], {}],
      [413, pieces(''), { maxBody: 400_000 }],
      [413, [small.subarray(0, -5), Buffer.from('fffff\r\n')], { maxBody: 100_000 }],
      [408, pieces(''), { bodyTimeout: 100 }],
    ]
    for (const [status, sent, options] of cases) {
      const handler = withFiles(() => ({ body: 'called' }))
      const server = await leavesNothing(
        handler,
        async (peer) => {
          await sendPieces(peer, sent)
          expect((await peer.responsesUntilEnd()).map((answer) => answer.status)).toEqual([status])
        },
        options,
      )
      expect(server.errors).toEqual([])
    }
  })

  test('after a handler that has removed it by itself', async () => {
    const server = await leavesNothing(
      withFiles(async ({ a }) => {
        await rm(a!.tempfile)
        return {}
      }),
      async (peer) => expect(await statusOf(peer, upload)).toBe(200),
    )
    expect([server.errors, server.warnings]).toEqual([[], []])
  })

  test('after files of which one cannot be removed, which harms nobody', async () => {
    let folder = ''
    const server = await leavesNothing(
      withFiles(async ({ a }) => {
        folder = a!.tempfile
        await rm(folder)
        mkdirSync(folder)
        return {}
      }),
      async (peer, _server, names) => {
        expect(await statusOf(peer, posted(multipart([part('a'), part('b')])))).toBe(200)
        await waitForFiles(names, 1)
        expect(names()).toEqual([basename(folder)])
        rmdirSync(folder)
      },
    )
    expect(server.errors).toEqual([])
  })

  test('after a hundred clients that left, some of them right after their last byte', async () => {
    const handler = withFiles(async ({ a }) => ({ body: String((await stat(a!.tempfile)).size) }))
    const server = await leavesNothing(handler, async (_peer, server) => {
      const leaving = Array.from({ length: 100 }, async (_, n) => {
        const peer = await connectPeer(server.port)
        await peer.send(n % 2 ? upload : begun.subarray(0, n * 5000)).flushed()
        peer.reset()
      })
      await Promise.all(leaving)
      await eventually(() => server.stats().connections).toBe(1)
    })
    expect(server.errors).toEqual([])
  })
})

describe('it is there', () => {
  test('while an answer that reads it goes out, and no longer', async () => {
    const temporary = watchTemporaryFiles()
    const large = Buffer.alloc(32 * MiB, 'x')
    const handler = withFiles(({ a }) => ({ body: file(a!.tempfile) }))
    const server = await serve(handler, { maxBody: 64 * MiB })
    const peer = await connectPeer(server.port)
    await peer.send(posted(multipart([part('a', large)]))).flushed()
    peer.pause()
    await eventually(() => server.stats().served).toBe(1)
    expect(temporary.names()).toHaveLength(1)
    peer.resume()
    expect((await peer.response()).body.equals(large)).toBe(true)
    await eventually(temporary.names).toEqual([])
    expect(server.errors).toEqual([])
  })

  test('until a generator that is the answer has ended', async () => {
    const temporary = watchTemporaryFiles()
    const goOn = deferred()
    const handler = withFiles(({ a }) => ({
      body: (async function* () {
        yield 'first '
        await goOn.promise
        yield String(statSync(a!.tempfile).size)
      })(),
    }))
    const server = await serve(handler)
    const peer = await connectPeer(server.port)
    peer.send(upload)
    await eventually(() => peer.unread.includes('first')).toBe(true)
    expect(temporary.names()).toHaveLength(1)
    goOn.resolve()
    expect((await peer.response()).text).toBe(`first ${content.length}`)
    await eventually(temporary.names).toEqual([])
  })

  test('until its channel is closed, however late', async () => {
    const temporary = watchTemporaryFiles()
    const opened = deferred<Channel>()
    const server = await serve(
      wrapMultipartParams((req) => asChannel(req, { onOpen: (channel) => opened.resolve(channel) })),
    )
    const peer = await connectPeer(server.port)
    peer.send(upload)
    const channel = await opened.promise
    channel.send('first ', false)
    expect(temporary.names()).toHaveLength(1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(temporary.names()).toHaveLength(1)
    channel.send('last')
    expect((await peer.response()).text).toBe('first last')
    await eventually(temporary.names).toEqual([])
  })

  test('until its own request is answered, not another of its connection', async () => {
    const temporary = watchTemporaryFiles()
    const held: Deferred<RingResponse>[] = []
    const server = await serve(
      withFiles(() => {
        const answer = deferred<RingResponse>()
        held.push(answer)
        return answer.promise
      }),
    )
    const peer = await connectPeer(server.port)
    peer.send(upload).send(upload)
    for (let n = 0; n < 2; n++) {
      await eventually(() => held.length).toBe(n + 1)
      // That of the request before may still be on its way out.
      await eventually(() => temporary.names().length).toBe(1)
      held[n]!.resolve({ body: String(n) })
      expect((await peer.response()).text).toBe(String(n))
    }
    await eventually(temporary.names).toEqual([])
  })

  test('for good where it was moved away', async () => {
    const temporary = watchTemporaryFiles()
    const kept = join(temporary.folder, 'kept.bin')
    const server = await serve(
      withFiles(async ({ a }) => {
        await rename(a!.tempfile, kept)
        return {}
      }),
    )
    const peer = await connectPeer(server.port)
    expect((await peer.send(posted(multipart([part('a'), part('b')]))).response()).status).toBe(200)
    await eventually(temporary.names).toEqual(['kept.bin'])
    expect(readFileSync(kept).equals(content)).toBe(true)
    expect(server.errors).toEqual([])
  })
})

describe('a disk that takes no file', () => {
  test('is a 500, logged, and the next upload is none the worse', async () => {
    const temporary = watchTemporaryFiles()
    const blocked = join(temporary.folder, 'a file')
    writeFileSync(blocked, '')
    const server = await serve(tell())
    process.env.TMPDIR = blocked
    const answer = await ask(server.port, upload)
    expect([answer.status, answer.text]).toEqual([500, ''])
    expect(server.errors).toMatchObject([{ error: { code: 'ENOTDIR' } }])
    process.env.TMPDIR = temporary.folder
    expect((await ask(server.port, upload)).status).toBe(200)
    await eventually(temporary.names).toEqual(['a file'])
  })
})

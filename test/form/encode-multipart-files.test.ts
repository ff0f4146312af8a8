// encodeMultipart of files: named now, opened when they are sent, never held whole, closed whatever happens.
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeMultipart } from '../../src/core.js'
import { file } from '../../src/io/file-body.js'
import { bytesOf, readBack, writtenPart } from '../support/multipart-encoded.js'
import { drain, rejectionOf } from '../support/multipart-source.js'
import { until } from '../support/waiting.js'

const MIB = 1024 * 1024
const folder = mkdtempSync(join(tmpdir(), 'multipart-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function fileOf(name: string, data: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, data)
  return path
}

function largeFile(name: string, size: number): string {
  const path = fileOf(name, '')
  truncateSync(path, size)
  return path
}

/** How many descriptors of this process are open on the path. */
function openOn(path: string): number {
  return readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`) === path
    } catch {
      return false
    }
  }).length
}

const canCount = process.platform === 'linux'

describe('a file', () => {
  it('has its base name and the type of its extension', async () => {
    const path = fileOf('image.png', 'x')
    expect(await writtenPart({ name: 'a', content: file(path) })).toBe(
      'Content-Disposition: form-data; name="a"; filename="image.png"\r\nContent-Type: image/png\r\n\r\nx',
    )
  })

  it('of an unknown extension is application/octet-stream', async () => {
    const path = fileOf('data.x-y-z', 'x')
    expect(await writtenPart({ name: 'a', content: file(path) })).toContain(
      'Content-Type: application/octet-stream\r\n',
    )
  })

  it('has the name and type that are stated', async () => {
    const content = file(fileOf('image.gif', 'x'))
    expect(await writtenPart({ name: 'a', content, filename: 'é".css' })).toBe(
      'Content-Disposition: form-data; name="a"; filename="é%22.css"\r\nContent-Type: text/css\r\n\r\nx',
    )
    expect(await writtenPart({ name: 'a', content, contentType: 'a/b' })).toContain(
      'filename="image.gif"\r\nContent-Type: a/b\r\n',
    )
  })

  it('with a quote in its name is escaped', async () => {
    const content = file(fileOf('a"b.txt', 'x'))
    expect(await writtenPart({ name: 'a', content })).toContain('filename="a%22b.txt"')
  })

  it('counts in contentLength', async () => {
    for (const size of [0, 1, 1000, 3 * MIB]) {
      const content = file(largeFile('counted', size))
      const { contentLength, body } = encodeMultipart([
        { name: 'a', content },
        { name: 'b', content: 'x' },
        { name: 'c', content },
      ])
      expect((await bytesOf(body)).length).toBe(contentLength)
    }
  })

  it('that is empty is an empty part', async () => {
    expect(await readBack(encodeMultipart([{ name: 'a', content: file(fileOf('empty', '')) }]))).toEqual([
      ['a', Buffer.alloc(0)],
    ])
  })

  it('of some size comes as it is', async () => {
    const data = Buffer.from(Array.from({ length: MIB + 77 }, (_, at) => (at * 7 + (at >> 8)) & 255))
    const [[, read] = []] = await readBack(
      encodeMultipart([{ name: 'a', content: file(fileOf('large', data)) }]),
    )
    expect(read!.equals(data)).toBe(true)
  })

  it('comes again when the body is iterated again', async () => {
    const { body } = encodeMultipart([{ name: 'a', content: file(fileOf('again.txt', 'again')) }])
    expect(await bytesOf(body)).toEqual(await bytesOf(body))
  })

  it('is an error where it is not there', async () => {
    const encode = async (): Promise<void> =>
      drain(encodeMultipart([{ name: 'a', content: file(join(folder, 'missing')) }]).body)
    expect(await rejectionOf(encode())).toMatchObject({ code: 'ENOENT' })
  })

  it('is an error where it is a folder', async () => {
    const encode = async (): Promise<void> =>
      drain(encodeMultipart([{ name: 'a', content: file(folder) }]).body)
    expect(await rejectionOf(encode())).toBeInstanceOf(Error)
  })
})

describe('a file that has changed its size by the time it is opened', () => {
  it.each([
    ['grown', 'longer than before'],
    ['shrunk', 'x'],
    ['become empty', ''],
  ])('is an error where it has %s', async (_, after) => {
    const path = fileOf('changing', 'before')
    const { body } = encodeMultipart([{ name: 'a', content: file(path) }])
    writeFileSync(path, after)
    expect(await rejectionOf(drain(body))).toBeInstanceOf(Error)
    await until(() => openOn(path) === 0)
  })

  it('is an error also the second time the body is iterated', async () => {
    const path = fileOf('changing', 'before')
    const { body } = encodeMultipart([{ name: 'a', content: file(path) }])
    await drain(body)
    writeFileSync(path, 'after it all')
    expect(await rejectionOf(drain(body))).toBeInstanceOf(Error)
  })

  it('and shrinks while it is sent is an error, never a short body', async () => {
    const path = largeFile('shrinking', 8 * MIB)
    const { body, contentLength } = encodeMultipart([{ name: 'a', content: file(path) }])
    let sent = 0
    const send = async (): Promise<void> => {
      for await (const piece of body) {
        sent += piece.length
        if (sent > MIB) truncateSync(path, MIB)
      }
    }
    const error = await send().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error === undefined) expect(sent).toBe(contentLength)
    else expect(sent).toBeLessThan(contentLength!)
    await until(() => openOn(path) === 0)
  })
})

describe.runIf(canCount)('the descriptor of a file', () => {
  it('is not there before its turn, and no longer than that', async () => {
    const [first, second] = [largeFile('first', MIB), largeFile('second', MIB)]
    const { body } = encodeMultipart([
      { name: 'a', content: file(first) },
      { name: 'b', content: 'x' },
      { name: 'c', content: file(second) },
    ])
    expect([openOn(first), openOn(second)]).toEqual([0, 0])
    let sent = 0
    for await (const piece of body) {
      sent += piece.length
      if (sent > 1000 && sent < MIB / 2) expect([openOn(first) > 0, openOn(second)]).toEqual([true, 0])
      if (sent > MIB * 1.5) {
        await until(() => openOn(first) === 0)
        expect(openOn(second)).toBeGreaterThan(0)
        break
      }
    }
    await until(() => openOn(second) === 0)
  })

  it('is closed at the end', async () => {
    const path = largeFile('ended', MIB)
    await drain(encodeMultipart([{ name: 'a', content: file(path) }]).body)
    await until(() => openOn(path) === 0)
  })

  it('is closed when the body is left', async () => {
    const path = largeFile('left', 4 * MIB)
    let sent = 0
    for await (const piece of encodeMultipart([{ name: 'a', content: file(path) }]).body) {
      sent += piece.length
      if (sent > 1000) break
    }
    expect(sent).toBeLessThan(4 * MIB)
    await until(() => openOn(path) === 0)
  })

  it('is closed when the body is left while a piece is awaited', async () => {
    const path = largeFile('awaited', 4 * MIB)
    const iterator = encodeMultipart([{ name: 'a', content: file(path) }]).body[Symbol.asyncIterator]()
    await iterator.next()
    const pending = iterator.next()
    await iterator.return?.()
    await pending
    await until(() => openOn(path) === 0)
  })

  it('is closed when the body has failed in another part', async () => {
    const path = largeFile('failed', 1000)
    const failing = (async function* (): AsyncGenerator<string> {
      yield 'x'
      throw new Error('gone')
    })()
    const { body } = encodeMultipart([
      { name: 'a', content: file(path) },
      { name: 'b', content: failing },
    ])
    await rejectionOf(drain(body))
    await until(() => openOn(path) === 0)
  })

  it('is never there where the body is not read', async () => {
    const path = largeFile('unread', 1000)
    encodeMultipart([{ name: 'a', content: file(path) }]).body[Symbol.asyncIterator]()
    expect(openOn(path)).toBe(0)
  })
})

it('a large file comes in pieces of under a MiB', async () => {
  const path = largeFile('sparse', 64 * MIB)
  let most = 0
  let sent = 0
  for await (const piece of encodeMultipart([{ name: 'a', content: file(path) }]).body) {
    most = Math.max(most, piece.length)
    sent += piece.length
  }
  expect(sent).toBeGreaterThan(64 * MIB)
  expect(most).toBeLessThan(MIB)
})

it('a large Blob comes in pieces, each of them a small part', async () => {
  const blob = new Blob(Array<string>(8).fill('x'.repeat(MIB)))
  let most = 0
  for await (const piece of encodeMultipart([{ name: 'a', content: blob }]).body)
    most = Math.max(most, piece.length)
  expect(most).toBeLessThanOrEqual(2 * MIB)
})

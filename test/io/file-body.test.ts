// A part of a file as a body: its own length wherever it is sent, its own bytes, and the file closed after them.
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from '../../src/client.js'
import { encodeMultipart } from '../../src/core.js'
import { type FileRange, file, type HttpServer, runServer } from '../../src/server.js'
import { behindFetch } from '../support/behind-fetch.js'
import { ask, eventually, type RawResponse } from '../support/raw-peer.js'

const folder = mkdtempSync(join(tmpdir(), 'httpkit-file-body-'))
const path = join(folder, 'alphabet.txt')
const alphabet = 'abcdefghijklmnopqrstuvwxyz'
let server: HttpServer
let range: FileRange = {}
const errors: string[] = []

beforeAll(async () => {
  writeFileSync(path, alphabet)
  server = await runServer(
    async (req) => ({ body: req.requestMethod === 'post' ? await req.body!.text() : file(path, range) }),
    { ip: '127.0.0.1', port: 0, errorLogger: (_, error) => errors.push(String(error)) },
  )
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

function part(wanted: FileRange, method = 'GET'): Promise<RawResponse> {
  range = wanted
  return ask(server.port, `${method} / HTTP/1.1\r\nHost: x\r\n\r\n`)
}

const parts: [FileRange, string][] = [
  [{}, alphabet],
  [{ start: 3 }, alphabet.slice(3)],
  [{ end: 3 }, 'abc'],
  [{ start: 3, end: 5 }, 'de'],
  [{ start: 25, end: 26 }, 'z'],
  [{ start: 5, end: 5 }, ''],
  [{ start: 26 }, ''],
  [{ start: 0, end: 26 }, alphabet],
]

describe.each(parts)('%j of a file', (wanted, text) => {
  it('is an answer of that length, also to HEAD', async () => {
    const whole = await part(wanted)
    expect([whole.status, whole.header('content-length'), whole.text]).toEqual([
      200,
      String(text.length),
      text,
    ])
    const head = await part(wanted, 'HEAD')
    expect([head.header('content-length'), head.body.length]).toEqual([String(text.length), 0])
  })

  it('behind a platform’s server, too', async () => {
    const { fetch } = behindFetch(() => ({ body: file(path, wanted) }))
    const answer = await fetch('/')
    expect([answer.headers.get('content-length'), await answer.text()]).toEqual([String(text.length), text])
    const head = await fetch('/', { method: 'HEAD' })
    expect(head.headers.get('content-length')).toBe(String(text.length))
  })

  it('is a client’s body, and a part of its form', async () => {
    expect(file(path, wanted).size()).toBe(text.length)
    const { body } = await post(`http://127.0.0.1:${server.port}/`, { body: file(path, wanted), as: 'text' })
    expect(body).toBe(text)
    const form = encodeMultipart([{ name: 'a', content: file(path, wanted) }])
    expect(await new Response(form.body as unknown as ReadableStream).text()).toContain(
      `\r\n\r\n${text}\r\n--`,
    )
  })
})

it('any part is what slice gives', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(26), fc.nat(26), async (one, other) => {
      const [start, end] = one < other ? [one, other] : [other, one]
      expect((await part({ start, end })).text).toBe(alphabet.slice(start, end))
    }),
    { numRuns: 50 },
  )
})

it('a part whose end the file does not reach is 500, for its length cannot be kept', async () => {
  for (const wanted of [{ end: 27 }, { start: 27 }, { start: 20, end: 30 }]) {
    errors.length = 0
    expect([(await part(wanted)).status, errors]).toEqual([500, [`RangeError: only 26 bytes: ${path}`]])
    expect(() => file(path, wanted).size()).toThrow(RangeError)
  }
})

it('a part is not more where the file has grown', async () => {
  const growing = join(folder, 'growing.txt')
  writeFileSync(growing, '')
  const opened = await file(growing).open()
  appendFileSync(growing, 'more')
  const pieces: Uint8Array[] = []
  for await (const piece of opened.pieces()) pieces.push(piece)
  expect([opened.size, pieces]).toEqual([0, []])
})

it.each<FileRange>([
  { start: -1 },
  { start: 2, end: 1 },
  { start: 0.5 },
  { end: Number.NaN },
  { end: Number.POSITIVE_INFINITY },
  { start: '1' as unknown as number },
])('%j is no range', (wanted) => {
  expect(() => file(path, wanted)).toThrow(RangeError)
})

it.skipIf(!existsSync('/proc/self/fd'))('the file is closed, whatever has been sent', async () => {
  const isOpen = () => readdirSync('/proc/self/fd').some((fd) => targetOf(fd).startsWith(folder))
  await eventually(isOpen).toBe(false)
  const opened = await file(path, { start: 3, end: 3 }).open()
  expect(isOpen()).toBe(true)
  await opened.pieces()[Symbol.asyncIterator]().return?.()
  expect(isOpen()).toBe(false)
})

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

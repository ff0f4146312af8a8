// Files as answers behind a platform's server, where there is a file system; none stays open.
import { createReadStream, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { RingResponse } from '../../src/edge.js'
import { file } from '../../src/server.js'
import { behindFetch, piecesIn } from '../support/behind-fetch.js'

const folder = mkdtempSync(join(tmpdir(), 'httpkit-edge-'))
afterAll(() => rmSync(folder, { recursive: true }))

const text = 'hello '.repeat(200_000)
const path = join(folder, 'hello.txt')
writeFileSync(path, text)
const empty = join(folder, 'empty.bin')
writeFileSync(empty, '')

/** How often this process has the file open. */
const openings = (): number => readdirSync('/proc/self/fd').filter((fd) => targetOf(fd) === path).length

// The one that reads the folder is gone by then.
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

async function answered(response: () => RingResponse, method = 'GET') {
  const { fetch, errors } = behindFetch(response)
  return { answer: await fetch('/', { method }), errors }
}

describe('a file', () => {
  test('is sent whole, with its type', async () => {
    const { answer, errors } = await answered(() => ({ body: file(path) }))
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect([await answer.text(), errors]).toEqual([text, []])
    await expect.poll(openings).toBe(0)
  })

  test('may be empty', async () => {
    const { answer } = await answered(() => ({ body: file(empty) }))
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
      'application/octet-stream',
      '',
    ])
  })

  test('tells HEAD its length, and is closed', async () => {
    const { answer } = await answered(() => ({ body: file(path) }), 'HEAD')
    expect([answer.headers.get('content-length'), answer.body]).toEqual([String(text.length), null])
    await expect.poll(openings).toBe(0)
  })

  test('is closed when the client goes', async () => {
    const { answer, errors } = await answered(() => ({ body: file(path) }))
    const pieces = piecesIn(answer)
    await pieces.next()
    await pieces.cancel()
    await expect.poll(openings).toBe(0)
    expect(errors).toEqual([])
  })

  test.each<[what: string, parts: RingResponse]>([
    ['204', { status: 204 }],
    ['a header that cannot be sent', { headers: { 'X-A': 'a\nb' } }],
  ])('is closed where it is not sent: %s', async (_what, parts) => {
    await answered(() => ({ ...parts, body: file(path) }))
    await expect.poll(openings).toBe(0)
  })

  test.each([join(folder, 'missing'), folder])('that is none is a failure: %s', async (wrong) => {
    const { answer, errors } = await answered(() => ({ body: file(wrong) }))
    expect([answer.status, errors.length]).toEqual([500, 1])
  })
})

describe('a node stream of a file', () => {
  test('is a stream like any other', async () => {
    const { answer, errors } = await answered(() => ({ body: createReadStream(path) }))
    expect([answer.headers.has('content-type'), await answer.text(), errors]).toEqual([false, text, []])
    await expect.poll(openings).toBe(0)
  })

  test('is destroyed when the client goes', async () => {
    const stream = createReadStream(path)
    const { answer, errors } = await answered(() => ({ body: stream }))
    const pieces = piecesIn(answer)
    await pieces.next()
    await pieces.cancel()
    await expect.poll(() => stream.destroyed).toBe(true)
    expect(errors).toEqual([])
  })
})

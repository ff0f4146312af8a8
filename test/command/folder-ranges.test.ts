// Ranges of a file (RFC 9110 §14): any of them is what slice would give.
import { createHash } from 'node:crypto'
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteRange } from '../../src/command/byte-range.js'
import { type ServedFolder, servedFolder } from '../support/command-folder.js'
import { hasProgram, run, temporaryFolder } from '../support/programs.js'
import { connectPeer, eventually } from '../support/raw-peer.js'

const MIB = 1024 * 1024
const bytes = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7) % 256))
const large = Buffer.alloc(3 * MIB, 'some bytes, and ')
const SETTLED = new Date(Date.now() - 60_000)

let folder: ServedFolder
afterAll(() => folder.close())
beforeAll(async () => {
  folder = await servedFolder()
  folder.write('thousand.bin', bytes, SETTLED)
  folder.write('large.bin', large, SETTLED)
  folder.write('empty.txt', '', SETTLED)
})

const ranged = (range: string, fields: Record<string, string> = {}) =>
  folder.get('/thousand.bin', { Range: range, ...fields })

describe('a range', () => {
  it.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-999', 0, 1000],
    ['bytes=0-', 0, 1000],
    ['bytes=999-', 999, 1000],
    ['bytes=10-19', 10, 20],
    ['bytes=990-5000', 990, 1000],
    ['bytes=5-99999999999999999999999', 5, 1000],
    ['bytes=-1', 999, 1000],
    ['bytes=-1000', 0, 1000],
    ['bytes=-99999999999999999999999', 0, 1000],
    ['BYTES=1-2', 1, 3],
    ['bytes= 1-2 ', 1, 3],
  ])('%s is that part', async (range, start, end) => {
    const answer = await ranged(range)
    expect([answer.status, answer.header('content-range'), answer.header('content-length')]).toEqual([
      206,
      `bytes ${start}-${end - 1}/1000`,
      String(end - start),
    ])
    expect(answer.body.equals(bytes.subarray(start, end))).toBe(true)
  })

  it.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=99999999999999999999-', 'bytes=-0'])(
    '%s is not there',
    async (range) => {
      const answer = await ranged(range)
      expect([answer.status, answer.header('content-range'), answer.text]).toEqual([
        416,
        'bytes */1000',
        '416 Range Not Satisfiable\n',
      ])
    },
  )

  it.each([
    // Several may be ignored (§14.2); the others are no ranges of bytes.
    'bytes=0-1,5-6',
    'bytes=0-0,-1',
    'bytes=5-4',
    'bytes=-',
    'bytes=',
    'bytes=a-b',
    'bytes=0x1-2',
    'bytes=1-2-3',
    'bytes=--1',
    'bytes=+1-2',
    'bytes=1.5-2',
    'items=0-1',
    'bytes',
    'bytes 0-1',
  ])('%s is ignored', async (range) => {
    const answer = await ranged(range)
    expect([answer.status, answer.header('content-range')]).toEqual([200, undefined])
    expect(answer.body.equals(bytes)).toBe(true)
  })

  it('is said to be possible, and is none of HEAD’s, POST’s or an absent file’s business', async () => {
    expect((await folder.get('/thousand.bin')).header('accept-ranges')).toBe('bytes')
    const head = await folder.ask('HEAD', '/thousand.bin', { Range: 'bytes=0-1' })
    expect([head.status, head.header('content-length'), head.body.length]).toEqual([200, '1000', 0])
    expect(
      (await folder.ask('POST', '/thousand.bin', { Range: 'bytes=0-1', 'Content-Length': '0' })).status,
    ).toBe(405)
    expect((await folder.get('/missing', { Range: 'bytes=0-1' })).status).toBe(404)
  })

  it.each([
    ['bytes=0-', 416],
    ['bytes=-5', 200],
    ['bytes=-0', 416],
  ])('%s of an empty file is %i', async (range, status) => {
    const answer = await folder.get('/empty.txt', { Range: range })
    expect([answer.status, status === 200 ? answer.text : '']).toEqual([status, ''])
  })

  it('leaves the connection at the next request', async () => {
    const peer = await connectPeer(folder.server.port)
    const request = (range: string) => `GET /large.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n\r\n`
    peer.send(request('0-9') + request('1000000-2500000') + request('-10'))
    const answers = await peer.responses(3)
    expect(answers.map(({ body }) => body.length)).toEqual([10, 1_500_001, 10])
    expect(answers[1]!.body.equals(large.subarray(1_000_000, 2_500_001))).toBe(true)
  })
})

it('any range that is there equals the slice', async () => {
  const peer = await connectPeer(folder.server.port)
  await fc.assert(
    fc.asyncProperty(fc.nat(1100), fc.option(fc.nat(1100)), async (first, last) => {
      const field = `bytes=${first}-${last ?? ''}`
      peer.send(`GET /thousand.bin HTTP/1.1\r\nHost: x\r\nRange: ${field}\r\n\r\n`)
      const { status, body } = await peer.response()
      if (last !== null && last < first) expect([status, body.length]).toEqual([200, 1000])
      else if (first >= 1000) expect(status).toBe(416)
      else {
        expect(status).toBe(206)
        expect(body.equals(bytes.subarray(first, (last ?? 1000) + 1))).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

it('any field is a range within the file, none, or no range', () => {
  const field = fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,20}-\d{0,20}$/))
  fc.assert(
    fc.property(field, fc.nat(2000), (text, size) => {
      const range = byteRange(text, size)
      if (!range) return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.end).toBeGreaterThan(range.start)
      expect(range.end).toBeLessThanOrEqual(size)
    }),
  )
})

describe('a file that changes while it is sent', () => {
  const EXTENT = 64 * MIB

  async function begun(name: string, range = '') {
    const path = folder.write(name, Buffer.alloc(EXTENT, 'a'))
    const peer = await connectPeer(folder.server.port)
    const before = folder.server.stats().bytesOut
    peer.send(`GET /${name} HTTP/1.1\r\nHost: x\r\n${range}\r\n`).pause()
    await eventually(() => folder.server.stats().bytesOut).toBeGreaterThan(before)
    return { path, peer }
  }

  it('by growing is sent as it was', async () => {
    const { path, peer } = await begun('growing.bin')
    writeFileSync(path, 'more', { flag: 'a' })
    const { body } = await peer.resume().response()
    expect([body.length, body.includes('more')]).toEqual([EXTENT, false])
  })

  it.each(['', `Range: bytes=1-${EXTENT}\r\n`])('by shrinking is cut (%j)', async (range) => {
    const reported = folder.errors.length
    const { path, peer } = await begun('shrinking.bin', range)
    truncateSync(path, 1000)
    const { body } = await peer.resume().cutResponse()
    expect(body.length).toBeLessThan(EXTENT - 1)
    expect(folder.errors.length).toBe(reported + 1)
  })

  it('by being replaced is sent as it was', async () => {
    const { path, peer } = await begun('replaced.bin')
    const { renameSync } = await import('node:fs')
    writeFileSync(`${path}.new`, 'new')
    renameSync(`${path}.new`, path)
    expect((await peer.resume().response()).body.equals(Buffer.alloc(EXTENT, 'a'))).toBe(true)
    expect((await folder.get('/replaced.bin')).text).toBe('new')
  })
})

const hasCurl = hasProgram('curl')
describe.skipIf(!hasCurl)(`curl${hasCurl ? '' : ' (skipped: it is not installed)'}`, () => {
  const url = (name: string) => `http://127.0.0.1:${folder.server.port}/${name}`
  const sha = (data: Uint8Array) => createHash('sha256').update(data).digest('hex')

  it('-r takes a part, -C goes on where a download ended, -z asks for what is newer', async () => {
    const path = join(temporaryFolder(), 'out.bin')
    const curl = async (...args: string[]) => {
      const output = await run('curl', [
        '-sS',
        '--fail',
        '--max-time',
        '10',
        '-w',
        '%{http_code}',
        '-o',
        path,
        ...args,
      ])
      return [output.code, output.stdout]
    }
    expect(await curl('-r', '100-2000000', url('large.bin'))).toEqual([0, '206'])
    expect(sha(readFileSync(path))).toBe(sha(large.subarray(100, 2_000_001)))
    writeFileSync(path, large.subarray(0, 1_234_567))
    expect(await curl('-C', '-', url('large.bin'))).toEqual([0, '206'])
    expect(sha(readFileSync(path))).toBe(sha(large))
    expect(await curl('-z', new Date().toUTCString(), url('large.bin'))).toEqual([0, '304'])
  })
})

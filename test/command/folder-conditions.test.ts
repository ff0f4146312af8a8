// Conditional requests (RFC 9110 §13): what a client has already is not sent again, and in what order the fields count.
import { utimesSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { parseHttpDate } from '../../src/command/http-date.js'
import { failedPrecondition, isRangeOfThis } from '../../src/command/preconditions.js'
import { type ServedFolder, servedFolder } from '../support/command-folder.js'

const DATE = 'Sun, 06 Nov 1994 08:49:37 GMT'
const TIME = Date.UTC(1994, 10, 6, 8, 49, 37)
const EARLIER = 'Sun, 06 Nov 1994 08:49:36 GMT'
const LATER = 'Sun, 06 Nov 1994 08:49:38 GMT'

describe('what stands in the way', () => {
  const strong = { etag: '"a"', modified: TIME }
  const weak = { etag: 'W/"a"', modified: TIME }
  const none: Record<string, string> = {}

  it.each([
    ['nothing', none, undefined],
    ['If-Match of this', { 'if-match': '"a"' }, undefined],
    ['among others', { 'if-match': '"b", "a"' }, undefined],
    ['of any', { 'if-match': '*' }, undefined],
    ['of another', { 'if-match': '"b"' }, 412],
    ['of a weak one, which is none', { 'if-match': 'W/"a"' }, 412],
    ['of nothing legible', { 'if-match': 'a' }, 412],
    ['of a tag with a comma in it', { 'if-match': '"x,"a""' }, 412],
    ['If-None-Match of this', { 'if-none-match': '"a"' }, 304],
    ['weakly', { 'if-none-match': 'W/"a"' }, 304],
    ['among others', { 'if-none-match': '"b",W/"c" ,\t"a"' }, 304],
    ['of any', { 'if-none-match': '*' }, 304],
    ['of another', { 'if-none-match': '"b"' }, undefined],
    ['If-Unmodified-Since then', { 'if-unmodified-since': DATE }, undefined],
    ['later', { 'if-unmodified-since': LATER }, undefined],
    ['before', { 'if-unmodified-since': EARLIER }, 412],
    ['at no date', { 'if-unmodified-since': '1994' }, undefined],
    ['If-Modified-Since then', { 'if-modified-since': DATE }, 304],
    ['later', { 'if-modified-since': LATER }, 304],
    ['before', { 'if-modified-since': EARLIER }, undefined],
    ['at no date', { 'if-modified-since': '2030' }, undefined],
    // §13.2.2: tags count before dates, and what would keep the answer before what would spare it.
    ['If-Match before If-Unmodified-Since', { 'if-match': '"a"', 'if-unmodified-since': EARLIER }, undefined],
    ['also where that would do', { 'if-match': '"b"', 'if-unmodified-since': LATER }, 412],
    [
      'If-None-Match before If-Modified-Since',
      { 'if-none-match': '"b"', 'if-modified-since': LATER },
      undefined,
    ],
    ['also where that would send', { 'if-none-match': '"a"', 'if-modified-since': EARLIER }, 304],
    ['412 before 304', { 'if-match': '"b"', 'if-none-match': '"a"' }, 412],
    ['412 before 304, by dates', { 'if-unmodified-since': EARLIER, 'if-none-match': '"a"' }, 412],
    ['304 where both hold', { 'if-match': '"a"', 'if-none-match': '"a"' }, 304],
  ])('%s', (_, headers, status) => {
    expect(failedPrecondition(headers, strong)).toBe(status)
  })

  it('a weak tag is as good as a strong one to spare an answer, and none to insist on one', () => {
    expect(failedPrecondition({ 'if-none-match': '"a"' }, weak)).toBe(304)
    expect(failedPrecondition({ 'if-none-match': 'W/"a"' }, weak)).toBe(304)
    expect(failedPrecondition({ 'if-match': 'W/"a"' }, weak)).toBe(412)
    expect(failedPrecondition({ 'if-match': '*' }, weak)).toBeUndefined()
  })

  it.each([
    [undefined, true, true],
    ['"a"', true, false],
    ['W/"a"', false, false],
    ['"b"', false, false],
    [DATE, true, false],
    [LATER, false, false],
    [EARLIER, false, false],
    ['nonsense', false, false],
  ])('If-Range: %s is strong only', (field, ofStrong, ofWeak) => {
    const headers: Record<string, string> = field === undefined ? {} : { 'if-range': field }
    expect([isRangeOfThis(headers, strong), isRangeOfThis(headers, weak)]).toEqual([ofStrong, ofWeak])
  })
})

describe('dates', () => {
  it.each([DATE, 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])('%s', (text) => {
    vi.stubEnv('TZ', 'America/Caracas')
    expect(parseHttpDate(text)).toBe(TIME)
    vi.unstubAllEnvs()
  })

  it.each([
    '',
    '0',
    '1994-11-06',
    '1994-11-06T08:49:37Z',
    `${DATE} `,
    `${DATE}, ${DATE}`,
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nov 1994 08:49:37 +0100',
    'Sun, 99 Nov 1994 08:49:37 GMT',
  ])('%j is none', (text) => expect(parseHttpDate(text)).toBeNaN())
})

describe('a file', () => {
  let folder: ServedFolder
  afterAll(() => folder.close())
  beforeAll(async () => {
    folder = await servedFolder()
    folder.write('old.txt', 'old', new Date(TIME + 900))
  })

  it('is sent with its type and validators, and asked for anew each time', async () => {
    const answer = await folder.get('/old.txt')
    expect(answer.header('last-modified')).toBe(DATE)
    expect(answer.header('etag')).toMatch(/^(W\/)?"[^"]+"$/)
    expect([answer.header('content-type'), answer.header('x-content-type-options')]).toEqual([
      'text/plain; charset=utf-8',
      'nosniff',
    ])
    expect([answer.header('cache-control'), answer.header('content-length'), answer.text]).toEqual([
      'no-cache',
      '3',
      'old',
    ])
  })

  it('is not sent again: 304 has its validators, and neither type nor length', async () => {
    const etag = (await folder.get('/old.txt')).header('etag')!
    for (const fields of [{ 'If-None-Match': etag }, { 'If-Modified-Since': DATE }]) {
      const again = await folder.get('/old.txt', fields as Record<string, string>)
      expect([again.status, again.framing, again.header('content-type')]).toEqual([304, 'none', undefined])
      expect(again.header('last-modified')).toBe(DATE)
      expect(again.header('etag')?.replace('W/', '')).toBe(etag.replace('W/', ''))
    }
  })

  it('is refused with 412 where it is another than the client believes', async () => {
    const answer = await folder.ask('HEAD', '/old.txt', { 'If-Match': '"other"' })
    expect(answer.status).toBe(412)
    expect(folder.openFiles()).toEqual([])
  })

  it('has a weak tag while it is young, for it may change and keep its times; then a strong one, of which parts go together', async () => {
    folder.write('young.txt', 'young')
    const young = (await folder.get('/young.txt')).header('etag')!
    expect(young).toMatch(/^W\//)
    const whole = await folder.get('/young.txt', { Range: 'bytes=0-1', 'If-Range': young })
    expect([whole.status, whole.text]).toEqual([200, 'young'])
    vi.setSystemTime(Date.now() + 10_000)
    try {
      const settled = (await folder.get('/young.txt')).header('etag')!
      expect(`W/${settled}`).toBe(young)
      const part = await folder.get('/young.txt', { Range: 'bytes=0-1', 'If-Range': settled })
      expect([part.status, part.text]).toEqual([206, 'yo'])
      const other = await folder.get('/young.txt', { Range: 'bytes=0-1', 'If-Range': '"other"' })
      expect([other.status, other.text]).toEqual([200, 'young'])
    } finally {
      vi.useRealTimers()
    }
  })

  it('has another tag when it has changed, also where its size and time have not', async () => {
    const path = folder.write('same.txt', 'one', new Date(TIME))
    const one = await folder.get('/same.txt')
    folder.write('same.txt', 'two', new Date(TIME))
    utimesSync(path, TIME / 1000, TIME / 1000)
    const two = await folder.get('/same.txt', { 'If-None-Match': one.header('etag')! })
    expect([two.status, two.text, two.header('last-modified')]).toEqual([
      200,
      'two',
      one.header('last-modified'),
    ])
  })

  it('of the future was last modified now', async () => {
    folder.write('future.txt', 'x', new Date(Date.now() + 1e9))
    const { headers } = await folder.get('/future.txt')
    const date = (name: string) => Date.parse(headers.find(([field]) => field === name)![1])
    expect(date('Last-Modified')).toBeLessThanOrEqual(date('Date'))
  })
})

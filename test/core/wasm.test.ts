// The module itself, and that its two halves speak of the same things: results, words, flags, regions.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import binaryen from 'binaryen'
import { describe, expect, it } from 'vitest'
import { maxHeadOf, readerBounds } from '../../src/core/http-reader.js'
import * as layout from '../../src/core/layout.js'
import { resultCodes } from '../../src/core/protocol-error.js'
import * as wasm from '../../src/core/wasm.js'
import { cutEvery, replay } from '../support/replay.js'

const root = new URL('../../', import.meta.url)
const bytes = readFileSync(new URL('build/core.wasm', root))
const module = new WebAssembly.Module(bytes)

const flags = [
  'STARTED',
  'VERSION_1_1',
  'CONNECTION_CLOSE',
  'CONNECTION_KEEP_ALIVE',
  'CONNECTION_UPGRADE',
  'UPGRADE_WEBSOCKET',
  'EXPECT_CONTINUE',
  'EXPECT_OTHER',
  'HAS_CONTENT_LENGTH',
  'HAS_TRANSFER_ENCODING',
  'ABSOLUTE_TARGET',
  'IN_TRAILERS',
]
const frameFlags = ['EXPECTS_MASK', 'ALLOWS_DEFLATE', 'HAS_CLOSED']
const rows = ['ROW_FIN', 'ROW_RSV1', 'ROW_BEGINS', 'ROW_ENDS', 'ROW_NON_ASCII']
const functions = [
  'mask',
  'readChunks',
  'readFrames',
  'readMultipart',
  'readQuery',
  'readRequestHead',
  'readResponseHead',
  'validateUtf8',
  'writeFrameHeader',
  'writeQuery',
]

function sourceOf(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

function numberOf(name: string): number {
  return (layout as Record<string, number>)[name]!
}

describe('the module', () => {
  it('imports nothing', () => {
    expect(WebAssembly.Module.imports(module)).toEqual([])
  })

  it('is at most 32 KiB large', () => {
    expect(bytes.length).toBeLessThanOrEqual(32 * 1024)
  })

  it('exports its calls and its memory, and nothing else', () => {
    const exported = WebAssembly.Module.exports(module).map(({ kind, name }) => `${kind} ${name}`)
    expect(exported.sort()).toEqual([...functions.map((name) => `function ${name}`), 'memory memory'])
  })

  it('has 24 pages of memory, and no way to grow it', () => {
    expect(wasm.u32.buffer.byteLength).toBe(24 * 65_536)
    expect(binaryen.readBinary(bytes).emitText()).not.toContain('memory.grow')
  })

  it('is what the package carries inline', async () => {
    const { default: carried } = (await import('#core')) as { default: Uint8Array }
    expect(hashOf(carried)).toBe(hashOf(bytes))
  })
})

function hashOf(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}

describe('the results', () => {
  it('have the numbers and the order of the host’s errors', () => {
    const constants = sourceOf('assembly/result.ts').matchAll(/^export const (\w+): i32 = (-?\d+)$/gm)
    const results = Array.from(constants, ([, name, value]) => [name, Number(value)])
    const errors = resultCodes.map((code, index) => [code, -1 - index])
    expect(results).toEqual([['NEED_MORE', 0], ...errors])
  })
})

describe('the words', () => {
  const { words } = wasm
  const source = sourceOf('assembly/words.ts')
  const methods = listed('METHODS')
  const fields = [...listed('HEAD_ONLY_FIELDS'), ...listed('OTHER_FIELDS')]

  function listed(name: string): string[] {
    return new RegExp(`^const ${name} =\\s+'([^']+)'`, 'm').exec(source)![1]!.split(' ')
  }

  it('are those of the core’s lists, numbered in their order from 1', () => {
    expect(words).toEqual(['', ...methods, ...fields])
    expect(new Set(words).size).toBe(words.length)
  })

  it('have the numbers that the core knows some of them by', () => {
    const constants = Array.from(
      source.matchAll(/^export const (\w+): u32 = (\d+)$/gm),
      ([, name, value]) => ({
        name: name!,
        word: words[Number(value)],
      }),
    ).filter(({ name }) => !['WORD_SIZE', 'LAST_HEAD_ONLY_FIELD'].includes(name))
    expect(constants.length).toBeGreaterThanOrEqual(9)
    for (const { name, word } of constants) expect(word!.toUpperCase().replaceAll('-', '_')).toBe(name)
    const last = /^export const LAST_HEAD_ONLY_FIELD: u32 = (\d+)$/m.exec(source)![1]
    expect(words[Number(last)]).toBe(listed('HEAD_ONLY_FIELDS').at(-1))
  })

  it('come back as their numbers from the heads they stand in, fields in any case', () => {
    expect(methods.map((method) => words[readMethod(method)])).toEqual(methods)
    for (const write of [asIs, upper, capitalized]) {
      expect(
        fields.map((field) => words[readField(write(field))]),
        write.name,
      ).toEqual(fields)
    }
  })

  it('are not taken for what only resembles them', () => {
    for (const name of fields.flatMap(neighbours)) {
      if (!fields.includes(name)) expect(readField(name), name).toBe(0)
    }
    for (const method of methods.flatMap(neighbours).map(upper)) {
      if (!methods.includes(method)) expect(readMethod(method), method).toBe(0)
    }
  })

  it('are methods only as methods, and field names only as field names', () => {
    expect(fields.map(upper).map(readMethod).filter(Boolean)).toEqual([])
    expect(methods.map(readField).filter(Boolean)).toEqual([])
  })
})

const asIs = (name: string): string => name
const upper = (name: string): string => name.toUpperCase()
const capitalized = (name: string): string => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase())

// One letter less, more, or another in each place.
function neighbours(word: string): string[] {
  const places = Array.from(word, (_, at) => [word.slice(0, at), word.slice(at)] as const)
  return places.flatMap(([before, after]) => [
    before + after.slice(1),
    `${before}x${after}`,
    `${before}~${after.slice(1)}`,
    `${word}${before}`,
  ])
}

function read(text: string): number {
  wasm.memory.set(Buffer.from(text, 'latin1'), wasm.windowStart)
  const end = wasm.windowStart + text.length
  return wasm.readRequestHead(wasm.windowStart, end, 0, 8192, 100, 65_536)
}

/** The word's number that a head with this method has. */
function readMethod(method: string): number {
  const target = method === 'CONNECT' ? 'a:1' : '/'
  const head = `${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`
  expect(read(head), head).toBe(head.length)
  return wasm.u32[wasm.METHOD]!
}

/** The word's number that a head with this field has. */
function readField(name: string): number {
  const values: Record<string, string> = { 'content-length': '0', 'transfer-encoding': 'chunked' }
  const host = name.toLowerCase() === 'host' ? '' : 'Host: a\r\n'
  const head = `GET / HTTP/1.1\r\n${name}: ${values[name.toLowerCase()] ?? 'a'}\r\n${host}\r\n`
  expect(read(head), head).toBe(head.length)
  return wasm.u32[wasm.FIELDS + 1]! & 0xff
}

describe('the flags', () => {
  it('are a bit each', () => {
    for (const set of [flags, frameFlags, rows]) {
      expect(set.map(numberOf).filter((flag) => flag === 0 || (flag & (flag - 1)) !== 0)).toEqual([])
      expect(new Set(set.map(numberOf)).size).toBe(set.length)
    }
  })
})

describe('the regions', () => {
  const SLACK = 64

  it('lie in memory side by side, the inbox, the desk and the trays with slack behind them', () => {
    const spans = [
      ['inbox', numberOf('INBOX'), numberOf('GAP_SIZE') + numberOf('WINDOW_SIZE') + SLACK],
      ['desk', numberOf('DESK'), numberOf('DESK_SIZE') + SLACK],
      ['trays', numberOf('TRAYS'), numberOf('TRAY_SIZE') * numberOf('TRAY_COUNT') + SLACK],
      ['frames of the inbox', numberOf('INBOX_FRAMES'), 48 + numberOf('MAX_FRAME_ROWS') * 12],
      ['frames of the desk', numberOf('DESK_FRAMES'), 48 + numberOf('MAX_FRAME_ROWS') * 12],
      ['head record', numberOf('RECORD'), numberOf('FIELD_RECORDS') - numberOf('RECORD')],
      ['field records', numberOf('FIELD_RECORDS'), numberOf('MAX_FIELDS') * 16],
      ['chunk record', numberOf('CHUNK_RECORD'), 40],
      ['words', numberOf('WORDS'), numberOf('WORD_COUNT') * numberOf('WORD_SIZE')],
    ] as const
    let free = 16
    for (const [name, start, size] of [...spans].sort((a, b) => a[1] - b[1])) {
      expect(start, `the ${name}'s start`).toBeGreaterThanOrEqual(free)
      free = start + size
    }
    expect(free).toBeLessThanOrEqual(wasm.memory.length)
  })

  it('are aligned to what is read from them', () => {
    const records = ['RECORD', 'FIELD_RECORDS', 'CHUNK_RECORD', 'INBOX_FRAMES', 'DESK_FRAMES']
    expect(records.filter((name) => numberOf(name) % 8 !== 0)).toEqual([])
  })

  it('are those that the host reads from', () => {
    expect(wasm.windowStart).toBe(numberOf('INBOX') + numberOf('GAP_SIZE'))
    expect([wasm.window.byteOffset, wasm.window.length]).toEqual([wasm.windowStart, numberOf('WINDOW_SIZE')])
    expect([wasm.deskStart, wasm.deskSize]).toEqual([numberOf('DESK'), numberOf('DESK_SIZE')])
    expect([wasm.traysStart, wasm.traySize, wasm.trayCount]).toEqual(
      ['TRAYS', 'TRAY_SIZE', 'TRAY_COUNT'].map(numberOf),
    )
    expect(wasm.FIELDS * 4).toBe(numberOf('FIELD_RECORDS'))
  })

  it('have room in the gap for the largest head that limits can allow', () => {
    const limits = { ...readerBounds, maxBody: 0 }
    const largest = maxHeadOf(limits)
    expect(largest).toBeLessThanOrEqual(numberOf('GAP_SIZE'))

    const before = 'GET / HTTP/1.1\r\nHost: a\r\nX: '
    const headOf = (length: number) =>
      Buffer.from(`${before + 'y'.repeat(length - before.length - 4)}\r\n\r\n`, 'latin1')
    const tooLarge = ['error HEAD_TOO_LARGE 431']
    for (const size of [largest - 1, 1000]) {
      expect(replay(cutEvery(headOf(largest), size), limits).at(-1)).toBe('end')
      expect(replay(cutEvery(headOf(largest + 1), size), limits)).toEqual(tooLarge)
    }
  })
})

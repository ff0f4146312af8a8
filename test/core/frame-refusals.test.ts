// What breaks the rules of frames (RFC 6455 §5): each error just over its line and just within it, by its code, for good.
import { describe, expect, it } from 'vitest'
import { FrameDecoder, ProtocolError } from '../../src/core.js'
import { bytesFor, headerFor, notLast, payloadOf, type Role, roles } from '../support/push-frames.js'
import {
  binary,
  close,
  continuation,
  Opcode,
  ping,
  pong,
  type RawFrame,
  text,
} from '../support/raw-frames.js'
import { closeCodes, type DecoderOptions, differenceOf, push } from '../support/reference-frames.js'
import { cutEvery } from '../support/replay.js'

const MiB = 1024 * 1024

// Each error with the bytes that are just over the line, and those just within it.
interface Rule {
  rule: string
  code: string
  bytes: (role: Role) => Buffer
  within: (role: Role) => Buffer
  options?: Partial<DecoderOptions>
}

const unbounded = { lengthSize: 8 } as const

function frames(...list: RawFrame[]): (role: Role) => Buffer {
  return (role) => bytesFor(role, ...list)
}

function isError(line: string): boolean {
  return line.startsWith('error ')
}

function header(frame: RawFrame): (role: Role) => Buffer {
  return (role) => headerFor(role, frame)
}

const rules: Rule[] = [
  ...[1, 2, 3, 4, 5, 6, 7].flatMap((rsv): Rule[] => [
    {
      rule: `RSV bits ${rsv} on a text`,
      code: 'RESERVED_BIT',
      bytes: frames(text('a', { rsv })),
      within: frames(text('a')),
    },
    {
      rule: `RSV bits ${rsv} on a ping`,
      code: 'RESERVED_BIT',
      bytes: frames(ping('a', { rsv })),
      within: frames(ping('a')),
    },
  ]),
  ...[1, 2, 3, 5, 6, 7].map(
    (rsv): Rule => ({
      rule: `RSV bits ${rsv} with permessage-deflate`,
      code: 'RESERVED_BIT',
      bytes: frames(text('a', { rsv })),
      within: frames(text('a', { rsv: 4 })),
      options: { deflate: true },
    }),
  ),
  ...[ping('a', { rsv: 4 }), pong('a', { rsv: 4 }), close(1000, '', { rsv: 4 })].map(
    (frame): Rule => ({
      rule: `RSV1 on opcode ${frame.opcode} with permessage-deflate`,
      code: 'RESERVED_BIT',
      bytes: frames(frame),
      within: frames({ ...frame, rsv: 0 }),
      options: { deflate: true },
    }),
  ),
  {
    rule: 'RSV1 on a continuation with permessage-deflate',
    code: 'RESERVED_BIT',
    bytes: frames(text('a', { fin: false, rsv: 4 }), continuation('b', { rsv: 4 })),
    within: frames(text('a', { fin: false, rsv: 4 }), continuation('b')),
    options: { deflate: true },
  },
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(
    (opcode): Rule => ({
      rule: `the reserved opcode ${opcode}`,
      code: 'BAD_OPCODE',
      bytes: frames({ opcode }),
      within: frames({ opcode: opcode < 8 ? 2 : 10 }),
    }),
  ),
  ...[close(1000, 'a', notLast), ping('a', notLast), pong('', notLast)].map(
    (frame): Rule => ({
      rule: `opcode ${frame.opcode} without FIN`,
      code: 'FRAGMENTED_CONTROL',
      bytes: frames(frame),
      within: frames({ ...frame, fin: true }),
    }),
  ),
  ...[126, 127, 200, 65_535, 65_536].flatMap((length): Rule[] =>
    [Opcode.close, Opcode.ping, Opcode.pong].map((opcode) => ({
      rule: `a control frame (${opcode}) of ${length} bytes`,
      code: 'CONTROL_TOO_LONG',
      bytes: frames({ opcode, payload: `\x03\xe8${'.'.repeat(length - 2)}`, length }),
      within: frames({ opcode, payload: Buffer.concat([Buffer.from([0x03, 0xe8]), Buffer.alloc(123, '.')]) }),
    })),
  ),
  {
    rule: 'a control frame that writes a short length in 16 bits',
    code: 'CONTROL_TOO_LONG',
    bytes: frames(ping('a', { lengthSize: 2 })),
    within: frames(ping('a')),
  },
  {
    rule: 'a continuation of nothing',
    code: 'STRAY_CONTINUATION',
    bytes: frames(continuation('a')),
    within: frames(text('', notLast), continuation('a')),
  },
  {
    rule: 'a continuation after the last fragment',
    code: 'STRAY_CONTINUATION',
    bytes: frames(text('a', notLast), continuation('b'), continuation('c')),
    within: frames(text('a', notLast), continuation('b', notLast), continuation('c')),
  },
  {
    rule: 'a continuation after a ping alone',
    code: 'STRAY_CONTINUATION',
    bytes: frames(ping(), continuation('c', notLast)),
    within: frames(binary('', notLast), ping(), continuation('c', notLast)),
  },
  ...[text('b'), binary('b'), text('b', notLast), binary('b', notLast)].map(
    (frame): Rule => ({
      rule: `a new message (opcode ${frame.opcode}, fin ${frame.fin ?? true}) inside a fragmented one`,
      code: 'INTERRUPTED_MESSAGE',
      bytes: frames(binary('a', notLast), ping(), frame),
      within: frames(binary('a', notLast), ping(), continuation(), frame),
    }),
  ),
  ...[0, 1, 125].map(
    (length): Rule => ({
      rule: `a length of ${length} in 16 bits`,
      code: 'BAD_LENGTH',
      bytes: frames(binary(payloadOf(length), { lengthSize: 2 })),
      within: frames(binary(payloadOf(126), { lengthSize: 2 })),
    }),
  ),
  ...[0, 125, 126, 65_535].map(
    (length): Rule => ({
      rule: `a length of ${length} in 64 bits`,
      code: 'BAD_LENGTH',
      bytes: frames(binary(payloadOf(length), { lengthSize: 8 })),
      within: frames(binary(payloadOf(65_536), { lengthSize: 8 })),
    }),
  ),
  ...[2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n].map(
    (length): Rule => ({
      rule: `a length of ${length}`,
      code: 'BAD_LENGTH',
      bytes: header(binary('', { length, ...unbounded })),
      within: header(binary('', { length: 2n ** 53n - 1n, ...unbounded })),
    }),
  ),
  ...[2n ** 53n, 2n ** 62n, 2n ** 63n - 1n].map(
    (length): Rule => ({
      rule: `a length of ${length}`,
      code: 'MESSAGE_TOO_BIG',
      bytes: header(binary('', { length, ...unbounded })),
      within: header(binary('', { length: 2n ** 53n - 1n, ...unbounded })),
    }),
  ),
  ...[0, 1, 124, 125, 126, 65_534, 65_535, 65_536, MiB].map(
    (limit): Rule => ({
      rule: `a message that declares a byte more than ${limit}, before any of them has come`,
      code: 'MESSAGE_TOO_BIG',
      bytes: header(binary('', { length: limit + 1 })),
      within: frames(binary(Buffer.alloc(limit))),
      options: { maxPayload: limit },
    }),
  ),
  ...[1, 125, 65_536].map(
    (limit): Rule => ({
      rule: `a last fragment that goes a byte over ${limit}`,
      code: 'MESSAGE_TOO_BIG',
      bytes: (role) =>
        Buffer.concat([
          frames(text('.'.repeat(limit - 1), notLast), ping('..'), continuation('.', notLast))(role),
          header(continuation('', { length: 1 }))(role),
        ]),
      within: frames(
        text('.'.repeat(limit - 1), notLast),
        ping('..'),
        continuation('.', notLast),
        continuation(),
      ),
      options: { maxPayload: limit },
    }),
  ),
  {
    rule: 'bytes that are not UTF-8 in a text',
    code: 'BAD_UTF8',
    bytes: frames(text(Buffer.from([0x61, 0xff]))),
    within: frames(binary(Buffer.from([0x61, 0xff]))),
  },
  {
    rule: 'a character cut short by the end of its text',
    code: 'BAD_UTF8',
    bytes: frames(text(Buffer.from([0xe2, 0x82]), notLast), continuation()),
    within: frames(text(Buffer.from([0xe2, 0x82]), notLast), continuation(Buffer.from([0xac]))),
  },
  {
    rule: 'bytes that are not UTF-8 in a reason',
    code: 'BAD_UTF8',
    bytes: frames(close(1000, Buffer.from([0xc0, 0x80]))),
    within: frames(close(1000, Buffer.from([0xc2, 0x80]))),
  },
  {
    rule: 'a character cut short by the end of its reason',
    code: 'BAD_UTF8',
    bytes: frames(close(1000, Buffer.from([0xe2, 0x82]))),
    within: frames(close(1000, '€')),
  },
  {
    rule: 'a close frame of one byte',
    code: 'BAD_CLOSE',
    bytes: frames({ opcode: 8, payload: '\x03' }),
    within: frames(close(1000)),
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): Rule => ({
      rule: `a close frame with the code ${code}`,
      code: 'BAD_CLOSE',
      bytes: frames(close(code, 'why')),
      within: frames(close(1014, 'why')),
    }),
  ),
]

function errorOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('no error')
}

describe.each(roles)('what a %s refuses', (role) => {
  it.each(rules.map((one) => [one.rule, one] as const))('is %s', (_, { code, bytes, within, options }) => {
    const wrong = bytes(role)
    expect(push(new FrameDecoder({ role, ...options }), wrong)).toEqual([`error ${code} ${closeCodes[code]}`])
    expect(push(new FrameDecoder({ role, ...options }), within(role)).filter(isError)).toEqual([])
    for (const size of [1, 2, 3]) {
      if (wrong.length < 1000)
        expect(differenceOf(cutEvery(wrong, size), { role, ...options })).toBeUndefined()
    }
  })

  it('is known by its code, its close code and a sentence', () => {
    for (const { code, bytes, options } of rules) {
      const error = errorOf(() => new FrameDecoder({ role, ...options }).push(bytes(role))) as ProtocolError
      expect(error).toBeInstanceOf(ProtocolError)
      expect(error).toMatchObject({ name: 'ProtocolError', code, closeCode: closeCodes[code] })
      expect(error.status).toBeUndefined()
      expect(error.message).toMatch(/^[a-z][^\n]{5,100}$/)
      expect(Buffer.byteLength(error.message), 'it has room in a close frame').toBeLessThanOrEqual(123)
    }
  })

  it('is told once more by every later push, whatever that brings', () => {
    for (const { bytes, options } of rules) {
      const decoder = new FrameDecoder({ role, ...options })
      const error = errorOf(() => decoder.push(bytes(role)))
      for (const more of [
        bytesFor(role, text('right')),
        Buffer.alloc(0),
        Buffer.alloc(100_000, 0xff),
        bytes(role),
      ]) {
        expect(errorOf(() => decoder.push(more))).toEqual(error)
      }
    }
  })

  it('is nothing that the other frames of an ordinary stream have', () => {
    const codes = new Set(rules.map(({ code }) => code))
    const masks = ['UNMASKED_FRAME', 'MASKED_FRAME']
    expect([...codes, ...masks].sort()).toEqual(Object.keys(closeCodes).sort())
  })
})

describe('masks (RFC 6455 §5.1)', () => {
  it.each([text('a'), continuation('a'), binary(), ping(), pong('a'), close(1000)])(
    'are demanded by a server and refused by a client, with opcode $opcode',
    (frame) => {
      const begun = frame.opcode === 0 ? [text('', notLast)] : []
      for (const [role, other, code] of [
        ['server', 'client', 'UNMASKED_FRAME'],
        ['client', 'server', 'MASKED_FRAME'],
      ] as const) {
        const bytes = Buffer.concat([bytesFor(role, ...begun), bytesFor(other, frame)])
        expect(push(new FrameDecoder({ role }), bytes)).toEqual([`error ${code} 1002`])
        expect(differenceOf(cutEvery(bytes, 1), { role })).toBeUndefined()
      }
    },
  )
})

describe('the first two bytes of a frame', () => {
  const begun = [text('é', notLast), ping()]
  const places = roles.flatMap((role) =>
    [false, true].flatMap((deflate) => {
      const whose = deflate ? `a ${role}'s with deflate` : `a ${role}'s`
      return [
        [whose, { role, deflate }, bytesFor(role)],
        [`${whose}, in a message`, { role, deflate }, bytesFor(role, ...begun)],
      ] as const
    }),
  )

  it.each(places)('are judged as they must be, all 65,536: %s', (_, options, before) => {
    const wrong: string[] = []
    for (let word = 0; word < 0x10000 && wrong.length < 10; word++) {
      const next = Buffer.from([word >> 8, word & 0xff, 0, 0, 0, 0, 0, 0])
      const difference = differenceOf([before, next], options)
      if (difference) wrong.push(`${word.toString(16)}: ${difference}`)
    }
    expect(wrong).toEqual([])
  })
})

// The decoder beside ws's Receiver: random streams, right and wrong, are the same messages to both, or both refuse them
// with the same close code. Where we differ on purpose is a table, each row shown; what the properties below let pass is
// those rows and nothing else.
//
// | what                                       | we                              | ws                               |
// | ------------------------------------------ | ------------------------------- | -------------------------------- |
// | a length in more bytes than it takes       | 1002 (RFC 6455 §5.2, "MUST")    | is read                          |
// | a length with its top bit set              | 1002 (RFC 6455 §5.2, "MUST")    | 1009, it is over 2^53 - 1        |
// | a text whose bytes are not UTF-8           | 1007 at the first bad byte      | 1007 at the end of its message   |
// | a close frame of one byte                  | 1002 when it has come           | 1002 at its header               |
// | frames that come in one push with an error | are lost: the push throws       | are given out before the error   |
//
// For the last, we read byte by byte here.
import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Receiver } from 'ws'
import { type Frame, FrameDecoder, ProtocolError } from '../../src/core.js'
import { bytesOf, cutAnywhere, cuts, faulty, frames, type Role, role } from '../support/random-frames.js'
import { binary, close, continuation, encode, ping, type RawFrame, text } from '../support/raw-frames.js'
import { opcodeNames } from '../support/reference-frames.js'
import { cutEvery } from '../support/replay.js'

interface Outcome {
  /** `text 68690a`, `ping `, `close 1000 627965`: data messages whole, each as its kind and its bytes. */
  messages: string[]
  /** Where it was refused. */
  error?: { closeCode: number; code: string }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** What we make of it, byte by byte. */
function readByUs(bytes: Uint8Array, reader: Role, maxPayload = Number.POSITIVE_INFINITY): Outcome {
  const decoder = new FrameDecoder({ role: reader, maxPayload })
  const all: Frame[] = []
  try {
    for (const byte of cutEvery(bytes, 1)) all.push(...decoder.push(byte))
    return { messages: joined(all) }
  } catch (error) {
    const { code, closeCode } = error as ProtocolError
    return { messages: joined(all), error: { code, closeCode: closeCode! } }
  }
}

function joined(all: readonly Frame[]): string[] {
  const messages: string[] = []
  let kind = ''
  let begun: Uint8Array[] = []
  for (const { opcode, fin, payload } of all) {
    if (opcode === 8) messages.push(closeLine(payload))
    else if (opcode > 8) messages.push(`${opcodeNames[opcode]} ${hexOf(payload)}`)
    else {
      if (opcode > 0) kind = opcodeNames[opcode]!
      begun.push(payload)
      if (fin) messages.push(`${kind} ${hexOf(Buffer.concat(begun))}`)
      if (fin) begun = []
    }
  }
  return messages
}

function closeLine(payload: Uint8Array): string {
  if (payload.length === 0) return 'close 1005 '
  return `close ${payload[0]! * 256 + payload[1]!} ${hexOf(payload.subarray(2))}`
}

/** What ws makes of it. */
async function readByWs(pieces: readonly Uint8Array[], reader: Role, maxPayload = 0): Promise<Outcome> {
  const receiver = new Receiver({ isServer: reader === 'server', maxPayload })
  const messages: string[] = []
  let error: Error | undefined
  receiver
    .on('message', (data, isBinary) => messages.push(`${isBinary ? 'binary' : 'text'} ${hexOf(data)}`))
    .on('ping', (data) => messages.push(`ping ${hexOf(data)}`))
    .on('pong', (data) => messages.push(`pong ${hexOf(data)}`))
    .on('conclude', (code, reason) => messages.push(`close ${code} ${hexOf(reason)}`))
    .on('error', (one) => (error ??= one))
  for (const piece of pieces) {
    if (!receiver.writable) break
    // A copy, for it unmasks in place.
    await new Promise((resolve) => receiver.write(Buffer.from(piece), resolve))
  }
  if (!receiver.destroyed) receiver.destroy()
  if (!receiver.closed) await once(receiver, 'close')
  return error ? { messages, error: { code: codeOf(error), closeCode: closeCodeOf(error) } } : { messages }
}

function codeOf(error: Error): string {
  return (error as Error & { code: string }).code
}

// ws keeps the close code under a symbol of its own.
function closeCodeOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code')
  return (error as unknown as Record<symbol, number>)[symbol!]!
}

function read(list: readonly RawFrame[]): [ours: Outcome, theirs: Promise<Outcome>] {
  const bytes = bytesOf(list, 'server')
  return [readByUs(bytes, 'server'), readByWs([bytes], 'server')]
}

describe('we differ from ws, on purpose,', () => {
  it.each([
    [2 as const, 0],
    [2 as const, 125],
    [8 as const, 5],
    [8 as const, 65_535],
  ])('where a length is written in %i further bytes, and is %i', async (lengthSize, length) => {
    const [ours, theirs] = read([binary(Buffer.alloc(length), { lengthSize })])
    expect(ours).toEqual({ messages: [], error: { code: 'BAD_LENGTH', closeCode: 1002 } })
    expect(await theirs).toEqual({ messages: [`binary ${'00'.repeat(length)}`] })
  })

  it('where a length has its top bit set', async () => {
    const [ours, theirs] = read([binary('', { length: 2n ** 63n, lengthSize: 8 })])
    expect(ours.error).toEqual({ code: 'BAD_LENGTH', closeCode: 1002 })
    expect((await theirs).error?.closeCode).toBe(1009)
  })

  it('where text is not UTF-8, and its message not at its end: we tell at once', async () => {
    const begun = [
      text('\xe9', { fin: false }),
      continuation(Buffer.from([0xe9, 0x41]), { fin: false }),
      ping('a'),
    ]
    const [ours, theirs] = read(begun)
    expect(ours).toEqual({ messages: [], error: { code: 'BAD_UTF8', closeCode: 1007 } })
    expect(await theirs).toEqual({ messages: ['ping 61'] })
    expect((await read([...begun, continuation()])[1]).error?.closeCode).toBe(1007)
  })

  it('where a close frame has one byte, which has not come yet', async () => {
    const bytes = encode({ opcode: 8, payload: 'a' }, true).subarray(0, -1)
    expect(readByUs(bytes, 'server')).toEqual({ messages: [] })
    expect((await readByWs([bytes], 'server')).error?.closeCode).toBe(1002)
  })

  it('where an error comes in the same push as frames before it', async () => {
    const bytes = bytesOf([text('a'), { opcode: 3 }], 'server')
    expect(() => new FrameDecoder({ role: 'server' }).push(bytes)).toThrow(ProtocolError)
    expect((await readByWs([bytes], 'server')).messages).toEqual(['text 61'])
  })
})

/** The difference, where it is none of the table. */
function unexplained(ours: Outcome, theirs: Outcome): string | undefined {
  const shown = `we: ${JSON.stringify(ours)}, ws: ${JSON.stringify(theirs)}`
  const further = theirs.messages.slice(ours.messages.length)
  if (ours.messages.some((message, at) => message !== theirs.messages[at])) return `other messages; ${shown}`
  if (ours.error?.code === 'BAD_LENGTH') return undefined
  if (ours.error?.code === 'BAD_UTF8') {
    return further.some((one) => /^(text|binary)/.test(one)) ? `bad text in a message; ${shown}` : undefined
  }
  if (further.length > 0) return `fewer messages; ${shown}`
  const isCloseOfOne = !ours.error && theirs.error?.code === 'WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH'
  return isCloseOfOne || ours.error?.closeCode === theirs.error?.closeCode
    ? undefined
    : `other ends; ${shown}`
}

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
function check<T extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  return fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

describe('we read as ws does', () => {
  it('what a peer may send', async () => {
    const property = fc.asyncProperty(frames, role, cuts, async (list, reader, positions) => {
      const bytes = bytesOf(list, reader)
      expect(readByUs(bytes, reader)).toEqual(await readByWs(cutAnywhere(bytes, positions), reader))
    })
    await check(property, 1000)
  })

  it('what a peer may not send, but for the differences in the table', async () => {
    const property = fc.asyncProperty(faulty, cuts, async ({ reader, bytes }, positions) => {
      const theirs = await readByWs(cutAnywhere(bytes, positions), reader)
      expect(unexplained(readByUs(bytes, reader), theirs)).toBeUndefined()
    })
    await check(property, 3000)
  })

  it('what is more than a message may have', async () => {
    const limit = fc.integer({ min: 1, max: 200 })
    const property = fc.asyncProperty(frames, role, limit, async (list, reader, maxPayload) => {
      const bytes = bytesOf(list, reader)
      const theirs = await readByWs([bytes], reader, maxPayload)
      expect(unexplained(readByUs(bytes, reader, maxPayload), theirs)).toBeUndefined()
    })
    await check(property, 1000)
  })

  it('every code of a close frame', async () => {
    const differing: number[] = []
    for (let code = 0; code <= 0xffff; code += code < 5100 ? 1 : 97) {
      const bytes = bytesOf([close(code, 'é')], 'client')
      if (unexplained(readByUs(bytes, 'client'), await readByWs([bytes], 'client'))) differing.push(code)
    }
    expect(differing).toEqual([])
  })
})

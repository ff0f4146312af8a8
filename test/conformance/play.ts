// Plays a case on a connection. What does not come as the case says rejects, and names what came instead.
import { expect } from 'vitest'
import { type Agreement, rawDeflate, readAgreement } from '../support/raw-deflate.js'
import { binary, close, type RawFrame, type RawWebSocket, text } from '../support/raw-websocket.js'
import { type CompressionCase, DEFAULT_THRESHOLD } from './compression.js'
import { sampleData } from './sample-data.js'
import { fragments, type Step } from './script.js'
import type { Connection, Side } from './sides.js'

/** Nothing announces that nothing comes. */
const QUIET_MS = 50
/** To end the TCP connection after the Close frames: well before the 2 s that a peer has to answer a Close. */
const PROMPT_MS = 1500

export async function play(side: Side, script: readonly Step[]): Promise<void> {
  const connection = await side({})
  for (const step of script) await playStep(connection, step)
}

async function playStep(connection: Connection, step: Step): Promise<void> {
  const { peer } = connection
  switch (step.step) {
    case 'send':
      return void peer.send(...step.frames)
    case 'send apart':
      return peer.sendApart(...step.frames)
    case 'send in chops':
      return peer.sendInChops(step.bytes, ...step.frames)
    case 'send part':
      return void peer.sendRaw(part(peer, step.frame, step.from, step.to))
    case 'receive':
      return receive(peer, step.frame)
    case 'nothing comes':
      return nothingComes(peer)
    case 'we close':
      peer.send(close(1000))
      return ends(connection, 1000)
    case 'they answer':
    case 'they fail':
      return ends(connection, step.code)
  }
}

function part(peer: RawWebSocket, frame: RawFrame, from: number, to: number): Buffer {
  const bytes = peer.encode({ ...frame, masked: peer.isClient, maskingKey: [0x12, 0x34, 0x56, 0x78] })
  const headLength = peer.isClient ? 6 : 2
  return bytes.subarray(from === 0 ? 0 : headLength + from, headLength + to)
}

async function receive(peer: RawWebSocket, expected: RawFrame): Promise<void> {
  const isControl = expected.opcode >= 8
  const { opcode, payload, rsv } = isControl ? await peer.frame() : await peer.message()
  expect({ opcode, rsv }).toEqual({ opcode: expected.opcode, rsv: 0 })
  expectBytes(payload, Buffer.from(expected.payload ?? ''))
}

/** `toEqual` takes seconds for megabytes. */
function expectBytes(bytes: Buffer, expected: Buffer): void {
  if (bytes.equals(expected)) return
  const at = expected.findIndex((byte, index) => bytes[index] !== byte)
  const show = (some: Buffer) => `${some.toString('hex', Math.max(0, at), at + 20)} (${some.length} bytes)`
  throw new Error(`from byte ${at} on, ${show(bytes)} came instead of ${show(expected)}`)
}

async function nothingComes(peer: RawWebSocket): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS))
  expect(peer.tcp.unread).toHaveLength(0)
  expect(peer.tcp.socket.readableEnded).toBe(false)
}

/** The other side's Close, then the end of the connection, which the server begins (RFC 6455 §7.1.1). */
async function ends({ peer, closed }: Connection, code: number | undefined): Promise<void> {
  expect((await peer.closeFrame()).code).toBe(code)
  const closedAt = performance.now()
  if (!peer.isClient) peer.tcp.finish()
  expect(await peer.closed()).toBe('fin')
  expect(performance.now() - closedAt).toBeLessThan(PROMPT_MS)
  if (peer.isClient) peer.tcp.finish()
  expect((await closed).code).toBe(code ?? 1005)
}

export async function playCompressed(side: Side, row: CompressionCase): Promise<void> {
  const { agreement, threshold, fragment } = row
  const connection = await side({
    ...agreement,
    compression: threshold === DEFAULT_THRESHOLD ? true : { threshold },
  })
  const { peer } = connection
  const { compress, decompress } = rawDeflate(agreed(connection, row), peer.isClient ? 'client' : 'server')
  for (const message of messagesOf(row)) {
    const compressed = await compress(message)
    const frame =
      typeof message === 'string' ? text(compressed, { rsv: 0b100 }) : binary(compressed, { rsv: 0b100 })
    peer.send(...(fragment > 0 ? fragments(frame, fragment) : [frame]))
    const { opcode, rsv, payload } = await peer.message()
    const bytes = Buffer.from(message)
    expect(opcode).toBe(frame.opcode)
    if (bytes.length >= threshold) expect(rsv).toBe(0b100)
    expectBytes(rsv === 0 ? payload : await decompress(payload), bytes)
  }
  await playStep(connection, { step: 'we close' })
}

function agreed({ peer, offered, accepted }: Connection, { agreement }: CompressionCase): Agreement {
  const offer = readAgreement(offered)
  const answer = readAgreement(accepted)
  if (peer.isClient) expect(answer).toMatchObject(agreement.demanded)
  // RFC 7692 §7.1.2.2: an answer may only limit a window that the client said it can limit.
  if (answer.clientMaxWindowBits !== undefined) expect(offer.clientMaxWindowBits).toBeDefined()
  return answer
}

/** One after the other out of the data, from its start again where it ends. */
function messagesOf({ kind, length, messages }: CompressionCase): (string | Buffer)[] {
  const data = sampleData(kind)
  return Array.from({ length: messages }, (_, index) => {
    const from = (index * length) % data.length
    return take(data, from, length)
  })
}

function take(data: string | Buffer, from: number, length: number): string | Buffer {
  if (typeof data === 'string')
    return data.repeat(Math.ceil((from + length) / data.length)).substr(from, length)
  const piece = data.subarray(from, from + length)
  return piece.length === length ? piece : Buffer.concat([piece, data.subarray(0, length - piece.length)])
}

// A message on its way between processes: who wrote it, the how-manieth of that writer's it is, how long he had been silent before
// it, and what it says.
//
//   1t k3f9x2ab7q0 : 2s : 7ps ⏎ payload        (without the spaces)
//   ││ │             │    └ milliseconds since his message before, base 36
//   ││ └ writer      └ number, base 36
//   │└ t: text, b: bytes
//   └ version
import { GrowingBytes } from '../core/growing-bytes.js'
import { bytesOf, checkedUtf8Of, latin1Of } from '../core/text.js'
import { WRITER } from './writer.js'

export interface Envelope {
  readonly writer: string
  /** Counts from 1. */
  readonly number: number
  /** Milliseconds since the writer's message before; 0 for his first. */
  readonly pause: number
  readonly message: string | Uint8Array
  /** The message as bytes. */
  readonly payload: Uint8Array
}

const HEAD = new RegExp(`^1([tb])(${WRITER}):([0-9a-z]{1,10}):([0-9a-z]{1,10})\n`)
const MAX_HEAD_BYTES = 64

export function writeEnvelope({ writer, number, pause, message, payload }: Envelope): Uint8Array {
  const kind = typeof message === 'string' ? 't' : 'b'
  const head = bytesOf(`1${kind}${writer}:${number.toString(36)}:${pause.toString(36)}\n`)
  const envelope = new GrowingBytes(head.length + payload.length)
  envelope.append(head)
  envelope.append(payload)
  return envelope.take()
}

/**
 * @param isOwn whose messages are not read, as they have come from here
 * @returns undefined for what is none: it came from elsewhere, and nothing is taken for granted
 */
export function readEnvelope(
  bytes: Uint8Array,
  isOwn: (writer: string) => boolean,
): Envelope | 'own' | undefined {
  const match = HEAD.exec(latin1Of(bytes.subarray(0, MAX_HEAD_BYTES)))
  if (match === null) return undefined
  const [head, kind, writer] = match as unknown as [string, string, string]
  if (isOwn(writer)) return 'own'
  const payload = new Uint8Array(bytes.subarray(head.length))
  const message = kind === 't' ? checkedUtf8Of(payload) : payload
  const number = Number.parseInt(match[3]!, 36)
  const pause = Number.parseInt(match[4]!, 36)
  if (message === undefined || number === 0) return undefined
  return { writer, number, pause, message, payload }
}

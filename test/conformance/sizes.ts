// Sections 9 and 10: messages of up to 16 MiB, whole, in fragments and in pieces, and a thousand round trips of small
// ones. A row is data; `scriptOf` makes its script when it is played, so that one big message is in memory at a time.
import { binary, type RawFrame, text } from '../support/raw-websocket.js'
import { fragments, receive, type Step, send, sendInChops, weClose } from './script.js'

export interface SizeCase {
  number: string
  kind: 'text' | 'binary'
  /** Of a message. */
  bytes: number
  /** Repeated to fill it. */
  pattern: string
  /** The message comes in frames of so many bytes. */
  fragment?: number
  /** It comes in pieces of so many bytes, each read alone. */
  chop?: number
  /** So many messages, each after the echo of the one before (default 1). */
  messages?: number
}

const KiB = 1024
const MiB = 1024 * KiB

/** Patterns are Latin-1. */
const pattern = { text: 'BAsd7&jh23', binary: '\x00\xfe\x23\xfa\xf0' }
const wholeSizes = [64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB]
const fragmentSizes = [64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB]
const chopSizes = [64, 128, 256, 512, 1024, 2048]
const roundTripSizes = [0, 16, 64, 256, 1024, 4096]

function rows<T>(section: string, values: T[], row: (value: T) => Omit<SizeCase, 'number'>): SizeCase[] {
  return values.map((value, index) => ({ number: `${section}.${index + 1}`, ...row(value) }))
}

const whole = (kind: 'text' | 'binary') => (bytes: number) => ({ kind, bytes, pattern: pattern[kind] })
const fragmented = (kind: 'text' | 'binary') => (fragment: number) => {
  return { kind, bytes: 4 * MiB, pattern: kind === 'binary' && fragment === 64 ? '\xfe' : '*', fragment }
}
const chopped = (kind: 'text' | 'binary') => (chop: number) => {
  return { kind, bytes: MiB, pattern: pattern[kind], chop }
}
const roundTrips = (kind: 'text' | 'binary') => (bytes: number) => {
  return { kind, bytes, pattern: kind === 'text' ? '*' : '\xfe', messages: 1000 }
}

export const sizes: SizeCase[] = [
  ...rows('9.1', wholeSizes, whole('text')),
  ...rows('9.2', wholeSizes, whole('binary')),
  ...rows('9.3', fragmentSizes, fragmented('text')),
  ...rows('9.4', fragmentSizes, fragmented('binary')),
  ...rows('9.5', chopSizes, chopped('text')),
  ...rows('9.6', chopSizes, chopped('binary')),
  ...rows('9.7', roundTripSizes, roundTrips('text')),
  ...rows('9.8', roundTripSizes, roundTrips('binary')),
  { number: '10.1.1', kind: 'text', bytes: 65536, pattern: '*', fragment: 1300 },
]

export function titleOf({ kind, bytes, fragment, chop, messages = 1 }: SizeCase): string {
  const what = kind === 'text' ? 'text' : 'binary message'
  const how = fragment ? ` in fragments of ${size(fragment)}` : chop ? ` in pieces of ${size(chop)}` : ''
  if (messages > 1) return `echoes a ${what} of ${size(bytes)}, ${messages} times`
  return `echoes a ${what} of ${size(bytes)}${how}`
}

function size(bytes: number): string {
  if (bytes >= MiB) return `${bytes / MiB} MiB`
  return bytes >= KiB && bytes % KiB === 0 ? `${bytes / KiB} KiB` : `${bytes} bytes`
}

export function scriptOf(row: SizeCase): Step[] {
  const message = messageOf(row)
  const roundTrip = [sending(row, message), receive(message)]
  return [...Array.from({ length: row.messages ?? 1 }, () => roundTrip).flat(), weClose]
}

function messageOf({ kind, bytes, pattern }: SizeCase): RawFrame {
  const payload = Buffer.alloc(bytes, pattern, 'latin1')
  return kind === 'text' ? text(payload) : binary(payload)
}

function sending({ fragment, chop }: SizeCase, message: RawFrame): Step {
  if (fragment) return send(...fragments(message, fragment))
  return chop ? sendInChops(chop, message) : send(message)
}

// What the WebSocket subjects send: messages of an exact length in bytes, in frames laid out here by hand (RFC 6455
// §5.2), so that no library under test writes what another has to read.

import { isAscii, isUtf8 } from 'node:buffer'

export const opcodes = { text: 0x1, binary: 0x2, close: 0x8 }

const fin = 0x80
const masked = 0x80

const ascii = 'the quick brown fox jumps over the lazy dog, '
// Two, three and four bytes a character.
const notAscii = 'Grüße, κόσμε, 世界, 👋, '

/** Texts of `length` bytes of UTF-8, each numbered. */
export const asciiText = (length) => (number) => textOf(ascii, length, number)
export const nonAsciiText = (length) => (number) => textOf(notAscii, length, number)
export const binary = (length) => (number) =>
  Buffer.from(Array.from({ length }, (_, i) => (number + i * 31) & 255))

function textOf(characters, length, number) {
  const text = Buffer.alloc(length, '.')
  let end = text.write(`${number} `)
  while (end < length) {
    // A character that has no room any more is not written.
    const written = text.write(characters, end)
    end = written === 0 ? length : end + written
  }
  if (!isUtf8(text) || isAscii(text) !== isAscii(Buffer.from(characters)))
    throw new Error('not the text meant')
  return text
}

/** The bytes of a whole message in one frame; with a key of 4 bytes masked, as a client sends it. */
export function frameOf(opcode, payload, key) {
  const { length } = payload
  const maskBit = key ? masked : 0
  const head = [fin | opcode]
  if (length < 126) head.push(maskBit | length)
  else if (length < 65536) head.push(maskBit | 126, length >> 8, length & 255)
  else
    head.push(
      maskBit | 127,
      0,
      0,
      0,
      0,
      length >>> 24,
      (length >> 16) & 255,
      (length >> 8) & 255,
      length & 255,
    )
  if (!key) return Buffer.concat([Buffer.from(head), payload])
  return Buffer.concat([Buffer.from(head), key, payload.map((byte, i) => byte ^ key[i & 3])])
}

/**
 * The scenarios of the WebSocket benchmark. Every message comes back to who sent it; a broadcast comes to all.
 *
 * `message(i)` is the payload of the ith message of a burst. `inFlight` messages are one burst; `bursts` of them (default
 * 1) are under way for each connection, or for all where they share the answer: while the last of a thousand is still
 * reading, the server has the next broadcast to do.
 */
export const scenarios = {
  'text-16': {
    title: '64 B text, 16 in flight',
    ...{ connections: 32, inFlight: 16, opcode: opcodes.text, message: asciiText(64) },
  },
  'text-utf8': {
    title: '64 B text, not ASCII, 16 in flight',
    ...{ connections: 32, inFlight: 16, opcode: opcodes.text, message: nonAsciiText(64) },
  },
  'text-1': {
    title: '64 B text, one in flight',
    ...{ connections: 32, inFlight: 1, opcode: opcodes.text, message: asciiText(64) },
  },
  'binary-1k': {
    title: '1 KiB binary, 16 in flight',
    ...{ connections: 32, inFlight: 16, opcode: opcodes.binary, message: binary(1024) },
  },
  'binary-64k': {
    title: '64 KiB binary, 4 in flight',
    ...{ connections: 32, inFlight: 4, opcode: opcodes.binary, message: binary(65536) },
  },
  broadcast: {
    title: '100 B text to 1,000 sockets',
    ...{ connections: 1000, inFlight: 1, bursts: 2, opcode: opcodes.text, message: asciiText(100) },
  },
}

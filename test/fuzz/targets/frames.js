// Streams of WebSocket frames, as a server reads them and as a client does. Masked payloads are hard to change to any
// purpose, so most of what the fuzzer has to begin with has keys of zeros, under which a payload stands as it is.
import { encodeFrame } from '../../../build/modules/core/encode-frame.js'
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT } from '../../../build/modules/core/frame-reader.js'
import { compareFrames } from '../differences/frames.js'
import { checkFrames } from '../relations/frames.js'
import { latin1, readFrames, ways } from '../transcripts/frames.js'

export const target = {
  name: 'frames',
  about: 'WebSocket frames (RFC 6455 §5.2)',
  maxLength: 1280,
  dictionary: dictionary(),
  ways,
  seeds,
  read: readFrames,
  work: { perByte: 5, perPiece: 12, fixed: 40 },
  check: checkFrames,
  compare: compareFrames,
}

function dictionary() {
  const headers = [
    '\x81\x01',
    '\x01\x01',
    '\x00\x01',
    '\x80\x01',
    '\x82\x01',
    '\x02\x01',
    '\xc1\x01',
    '\x41\x01',
    '\xc2\x00',
  ]
  const controls = ['\x89\x00', '\x8a\x00', '\x8a\x01', '\x88\x00', '\x88\x02', '\x88\x01']
  const lengths = [
    '\x82\x7e\x00\x7e',
    '\x81\x7e\x01\x00',
    '\x82\x7f\0\0\0\0\0\0\xff\xff',
    '\x82\x7f\0\0\0\0\0\x01\0\0',
    '\x82\x7f\x80\0\0\0\0\0\0\0',
    '\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff',
    // The most that is compressed may have of a message of 20 bytes, and one more.
    '\xc2\x7e\x04\x15',
    '\xc2\x7e\x04\x16',
    '\x82\x7f\0\x1f\xff\xff\xff\xff\xff\xff',
    '\x82\x7f\0\x20\0\0\0\0\0\0',
  ]
  const unmasked = [...headers, ...controls, ...lengths]
  // As long as a copy must be that shares its memory with others.
  const shared = `\x82\x7e\x00\x80${'a'.repeat(128)}`
  const text = [
    '\xc3\xa9',
    '\xe2\x82\xac',
    '\xf0\x9f\x98\x80',
    '\xed\xa0\x80',
    '\x03\xe8',
    '\x03\xee',
    'aaaaaaaaaaaaaaaa',
  ]
  // A few of these are more frames than the core's table has rows.
  const many = '\x8a\x00'.repeat(100)
  return [...unmasked, ...unmasked.map(withZeroKey), many, shared, withZeroKey(shared), '\0\0\0\0', ...text]
}

function withZeroKey(frame) {
  const size = { '\x7e': 4, '\x7f': 10 }[frame[1]] ?? 2
  const masked = String.fromCharCode(frame.charCodeAt(1) | 0x80)
  return `${frame[0]}${masked}${frame.slice(2, size)}\0\0\0\0${frame.slice(size)}`
}

const keys = [Uint8Array.of(0, 0, 0, 0), Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)]

// Each for a server under both keys, and for a client.
function seeds() {
  const names = Object.keys(ways)
  return names.flatMap((name) => {
    const { role, deflate } = ways[name]
    const masks = role === 'server' ? keys : [undefined]
    return masks.flatMap((mask) => streams(deflate, mask).map((stream) => name + stream))
  })
}

function streams(deflate, mask) {
  const written = (frames) => frames.map((frame) => latin1(encodeFrame({ ...frame, mask }))).join('')
  const right = [
    [
      { opcode: TEXT, payload: 'Hello' },
      { opcode: BINARY, payload: 'a' },
    ],
    [{ opcode: TEXT, payload: 'h\u20ac' }, { opcode: PING, payload: 'p' }, { opcode: PONG }],
    [
      { opcode: TEXT, payload: 'a', fin: false },
      { opcode: PING },
      { opcode: CONTINUATION, payload: '\u{1f600}' },
    ],
    [
      { opcode: BINARY, payload: 'a'.repeat(10), fin: false },
      { opcode: CONTINUATION, payload: 'a'.repeat(11) },
    ],
    [
      { opcode: BINARY, payload: 'a'.repeat(130) },
      { opcode: CLOSE, payload: '\x00' },
    ],
    [
      { opcode: CLOSE, payload: Buffer.from('\x03\xe8bye', 'latin1') },
      { opcode: TEXT, payload: 'late' },
    ],
    [{ opcode: TEXT, payload: Buffer.from('\xed\xa0\x80', 'latin1') }],
    [{ opcode: CONTINUATION }],
    [{ opcode: TEXT, fin: false }, { opcode: TEXT }],
    // More frames than the core's table has rows.
    Array.from({ length: mask ? 200 : 600 }, () => ({ opcode: PONG })),
  ]
  if (deflate) {
    right.push(
      [{ opcode: TEXT, payload: '\x00', rsv1: true }],
      [
        { opcode: TEXT, payload: 'a'.repeat(21), rsv1: true, fin: false },
        { opcode: CONTINUATION, payload: 'a' },
      ],
    )
  }
  return right.map(written)
}

// Frames as they are written, held to those of ws.
import { expect, it } from 'vitest'
import { Sender } from 'ws'
import { encodeFrame } from '../../src/core.js'

const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

it.each([
  ['not masked', undefined],
  ['masked', KEY],
])('encodeFrame writes what ws writes, at every length up to 300, %s', (_, mask) => {
  for (let length = 0; length <= 300; length++) {
    const payload = Buffer.from(Array.from({ length }, (_, at) => (at * 29 + (at >> 8)) & 0xff))
    const fin = length % 3 > 0
    const rsv1 = length % 5 === 0
    const parts = Sender.frame(Buffer.from(payload), {
      opcode: 1,
      fin,
      rsv1,
      mask: mask !== undefined,
      generateMask: (key) => key.set(KEY),
    })
    const written = encodeFrame({ opcode: 1, payload, fin, rsv1, ...(mask && { mask }) })
    expect(Buffer.from(written).toString('hex')).toBe(Buffer.concat(parts).toString('hex'))
  }
})

// This library's halves. Read: the core's call alone, on bytes that lie where the server reads them to; the messages as
// a handler gets them, text as a string; and the public FrameDecoder, which copies in and out. Written: as the server
// lays a frame for its next write (a large payload is sent from where it is), and the public encodeFrame. What is not
// public is imported from the build.

import { TEXT } from '../../build/modules/core/frame-reader.js'
import {
  FIN,
  headerOf,
  layBytes,
  layText,
  masked as maskedCopy,
  UNMASKED,
} from '../../build/modules/core/frame-writer.js'
import { MessageReader, NOTHING } from '../../build/modules/core/message-reader.js'
import * as wasm from '../../build/modules/core/wasm.js'
import { encodeFrame, FrameDecoder, validUtf8 } from '../../build/modules/core.js'
import { frameOf, opcodes } from '../websocket-inputs.js'
import { demandEqual } from './expect.js'

const { memory, deskStart, DESK_FRAMES } = wasm
const largestCopied = 16 * 1024

export const decode = {
  core({ payloads, masked }) {
    const place = new wasm.FramePlace(true, false, 2 ** 20)
    const read = () => wasm.readFrames(DESK_FRAMES, deskStart, deskStart + masked.length)
    const verify = () => {
      memory.set(masked, deskStart)
      place.load(DESK_FRAMES)
      read()
      demandEqual(Buffer.concat(foundPayloads()), Buffer.concat(payloads))
    }
    const repeat = (times) => {
      memory.set(masked, deskStart)
      place.load(DESK_FRAMES)
      for (let i = 0; i < times; i++) {
        read()
        if (wasm.rowCountOf(DESK_FRAMES) !== payloads.length) throw new Error('httpkit read another number')
      }
    }
    return { repeat, verify }
  },

  messages({ payloads, masked }) {
    const reader = new MessageReader(true, false, 2 ** 20)
    let last
    const readOnce = () => {
      let count = 0
      reader.feed(deskStart, deskStart + masked.length)
      for (let opcode = reader.next(); opcode !== NOTHING; opcode = reader.next()) {
        last = opcode === TEXT ? reader.text() : reader.bytes()
        count++
      }
      if (count !== payloads.length) throw new Error('httpkit read another number of messages')
    }
    const verify = () => {
      memory.set(masked, deskStart)
      readOnce()
      demandEqual(last, payloads.at(-1))
    }
    const repeat = (times) => {
      memory.set(masked, deskStart)
      for (let i = 0; i < times; i++) readOnce()
    }
    return { repeat, verify }
  },

  FrameDecoder({ payloads, masked }) {
    const decoder = new FrameDecoder({ role: 'server' })
    const verify = () => {
      const frames = decoder.push(masked)
      demandEqual(Buffer.concat(frames.map(({ payload }) => payload)), Buffer.concat(payloads))
    }
    const repeat = (times) => {
      for (let i = 0; i < times; i++) {
        if (decoder.push(masked).length !== payloads.length) throw new Error('httpkit read another number')
      }
    }
    return { repeat, verify }
  },
}

function foundPayloads() {
  const rows = wasm.rowsOf(DESK_FRAMES)
  return Array.from({ length: wasm.rowCountOf(DESK_FRAMES) }, (_, i) => {
    const row = rows + i * wasm.ROW_SIZE
    return memory.subarray(wasm.u32[row + 1], wasm.u32[row + 2])
  })
}

export const encode = {
  writer: (input) => writer(input, undefined),
  encodeFrame: (input) => encoder(input, undefined),
}

export const encodeMasked = {
  writer: (input) => writer(input, input.key),
  encodeFrame: (input) => encoder(input, input.key),
}

function writer({ opcode, payloads: [payload] }, key) {
  const number = key ? key.readInt32LE() : UNMASKED
  const text = payload.toString()
  const first = FIN | opcode
  const large = () => [headerOf(first, payload.length, number), maskedCopy(payload, number)]
  const small = () =>
    opcode === opcodes.text
      ? layText(wasm.traysStart, first, text, number)
      : layBytes(wasm.traysStart, first, payload, number)
  const isLarge = payload.length > largestCopied
  const write = isLarge ? large : small
  const repeat = (times) => {
    for (let i = 0; i < times; i++) write()
  }
  const verify = () => {
    const written = isLarge ? Buffer.concat(large()) : memory.subarray(wasm.traysStart, small())
    demandEqual(written, frameOf(opcode, payload, key))
  }
  return { repeat, verify }
}

function encoder({ opcode, payloads: [payload] }, mask) {
  const frame = { opcode, payload: opcode === opcodes.text ? payload.toString() : payload, mask }
  let encoded
  const repeat = (times) => {
    for (let i = 0; i < times; i++) encoded = encodeFrame(frame)
  }
  const verify = () => {
    repeat(1)
    demandEqual(encoded, frameOf(opcode, payload, mask))
  }
  return { repeat, verify }
}

export const utf8 = {
  core({ payloads: [text] }) {
    const repeat = (times) => {
      memory.set(text, deskStart)
      for (let i = 0; i < times; i++) {
        if (wasm.validateUtf8(0, deskStart, deskStart + text.length) !== 0) throw new Error('httpkit refuses')
      }
    }
    return { repeat, verify: () => repeat(1) }
  },

  validUtf8({ payloads: [text] }) {
    const repeat = (times) => {
      for (let i = 0; i < times; i++) if (!validUtf8(text)) throw new Error('httpkit refuses the text')
    }
    return { repeat, verify: () => repeat(1) }
  },
}

// What is measured in every runtime: the module that is bundled for each. Bytes are made here, by hand or by the library, so
// that nothing of Node's is needed; the clock is performance.now(), which workerd and browsers have by coarse steps.

import { default as source } from '#core'
import { deskSize, deskStart, maxFields, memory, readRequestHead } from '../../build/modules/core/wasm.js'
import { encodeFrame, FrameDecoder, parseRequestHead } from '../../build/modules/core.js'
import { headOf, heads } from '../inputs.js'
import { nsEach, warmedUp } from '../timing.js'

const STARTS = 30
const maxLine = 8192
const binary = 2
const mask = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

const ways = {
  'head, core': ({ head }) => {
    const bytes = bytesOf(head)
    return (times) => {
      memory.set(bytes, deskStart)
      for (let i = 0; i < times; i++) {
        const read = readRequestHead(deskStart, deskStart + bytes.length, 0, maxLine, maxFields, deskSize)
        if (read !== bytes.length) throw new Error(`the core refuses the head: ${read}`)
      }
    }
  },
  'head, object': ({ head }) => {
    const bytes = bytesOf(head)
    return (times) => {
      for (let i = 0; i < times; i++) {
        if (parseRequestHead(bytes).length !== bytes.length) throw new Error('another head was read')
      }
    }
  },
  read: ({ frames, size }) => {
    const frame = encodeFrame({ opcode: binary, payload: payloadOf(size), mask })
    const bytes = new Uint8Array(frame.length * frames)
    for (let at = 0; at < bytes.length; at += frame.length) bytes.set(frame, at)
    const decoder = new FrameDecoder({ role: 'server' })
    return (times) => {
      for (let i = 0; i < times; i++) {
        const read = decoder.push(bytes)
        if (read.length !== frames || read[0].payload.length !== size) throw new Error('others were read')
      }
    }
  },
  written: ({ size }) => {
    const frame = { opcode: binary, payload: payloadOf(size), mask }
    return (times) => {
      for (let i = 0; i < times; i++) {
        if (encodeFrame(frame).length <= size) throw new Error('another frame was written')
      }
    }
  },
}

/** @returns for each task, in order, ns each; and the start-up of the module, in µs */
export async function run({ tasks, ms }) {
  // First, while there is next to nothing to be collected.
  const start = startUp()
  const times = []
  for (const task of tasks)
    times.push((await nsEach(await warmedUp(ways[task.way](task)), ms)) / (task.frames ?? 1))
  return { times, start }
}

function bytesOf(head) {
  return new TextEncoder().encode(headOf(heads[head]))
}

// No byte of it is 0, which is what a mask leaves of itself.
function payloadOf(size) {
  return Uint8Array.from({ length: size }, (_, i) => ((i * 31) % 255) + 1)
}

// A module that was imported has been compiled before. Coarse clocks see nothing of a single start, so what is shown of many is
// the mean where it is instances, and the median where it is compiles, which take longer and are disturbed more.
function startUp() {
  if (!(source instanceof Uint8Array)) return { instantiate: meanInstance(source) }
  const compiles = Array.from({ length: STARTS }, (_, i) => {
    const bytes = unlikeOthers(i)
    const before = performance.now()
    new WebAssembly.Module(bytes)
    return (performance.now() - before) * 1000
  })
  return {
    compile: compiles.sort((a, b) => a - b)[STARTS >> 1],
    instantiate: meanInstance(new WebAssembly.Module(source)),
  }
}

function meanInstance(module) {
  const before = performance.now()
  for (let i = 0; i < STARTS; i++) new WebAssembly.Instance(module, {})
  return ((performance.now() - before) * 1000) / STARTS
}

// Engines know again what they have compiled before. So each has a custom section of its own at its end: 0, length, name, data.
function unlikeOthers(number) {
  const bytes = new Uint8Array(source.length + 5)
  bytes.set(source)
  bytes.set([0, 3, 1, 0x6e, number], source.length)
  return bytes
}

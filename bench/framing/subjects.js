// What the frame benchmark measures: for each subject its inputs, and who is measured on them; FILE has the code of a
// candidate, under its subject and FORM.

import { asciiText, binary, nonAsciiText, opcodes } from '../websocket-inputs.js'

const { text, binary: bytes } = opcodes
const withoutBufferUtil = { WS_NO_BUFFER_UTIL: '1' }
const ws = { title: 'ws + bufferutil', file: 'ws', form: 'ws' }
const wsPlain = { title: 'ws', file: 'ws', form: 'ws', env: withoutBufferUtil }

const toEncode = {
  '64 B text': { frames: 1, opcode: text, message: asciiText(64) },
  '64 B text, not ASCII': { frames: 1, opcode: text, message: nonAsciiText(64) },
  '1 KiB binary': { frames: 1, opcode: bytes, message: binary(1024) },
  '64 KiB binary': { frames: 1, opcode: bytes, message: binary(65536) },
}
const encoders = {
  'httpkit-writer': { title: 'httpkit-wasm, laid for a write', file: 'httpkit', form: 'writer' },
  'httpkit-encode': { title: 'httpkit-wasm, encodeFrame', file: 'httpkit', form: 'encodeFrame' },
  ws: { ...ws, title: 'ws + bufferutil, Sender.frame' },
  'ws-plain': { ...wsPlain, title: 'ws, Sender.frame' },
}
const encoderComparisons = [
  ['ws', 'httpkit-writer'],
  ['ws', 'httpkit-encode'],
]

export const subjects = {
  decode: {
    title: 'masked frames, read',
    inputs: {
      '64 B text': { frames: 1, opcode: text, message: asciiText(64) },
      '16 × 64 B text': { frames: 16, opcode: text, message: asciiText(64) },
      '16 × 64 B text, not ASCII': { frames: 16, opcode: text, message: nonAsciiText(64) },
      '16 × 1 KiB binary': { frames: 16, opcode: bytes, message: binary(1024) },
      '64 KiB binary': { frames: 1, opcode: bytes, message: binary(65536) },
    },
    candidates: {
      'httpkit-core': { title: 'httpkit-wasm, core call', file: 'httpkit', form: 'core' },
      'httpkit-messages': { title: 'httpkit-wasm, messages', file: 'httpkit', form: 'messages' },
      'httpkit-decoder': { title: 'httpkit-wasm, FrameDecoder', file: 'httpkit', form: 'FrameDecoder' },
      ws: { ...ws, title: 'ws + bufferutil, Receiver' },
      'ws-plain': { ...wsPlain, title: 'ws, Receiver' },
    },
    comparisons: [
      ['ws', 'httpkit-core'],
      ['ws', 'httpkit-messages'],
      ['ws', 'httpkit-decoder'],
    ],
  },
  encode: {
    title: 'frames, written',
    inputs: toEncode,
    candidates: encoders,
    comparisons: encoderComparisons,
  },
  'encode-masked': {
    title: 'masked frames, written',
    inputs: toEncode,
    candidates: encoders,
    comparisons: encoderComparisons,
  },
  utf8: {
    title: 'UTF-8, validated',
    unit: 'ns per text',
    inputs: {
      '64 B ASCII': { frames: 1, opcode: text, message: asciiText(64) },
      '1 KiB ASCII': { frames: 1, opcode: text, message: asciiText(1024) },
      '64 KiB ASCII': { frames: 1, opcode: text, message: asciiText(65536) },
      '64 B not ASCII': { frames: 1, opcode: text, message: nonAsciiText(64) },
      '1 KiB not ASCII': { frames: 1, opcode: text, message: nonAsciiText(1024) },
      '64 KiB not ASCII': { frames: 1, opcode: text, message: nonAsciiText(65536) },
    },
    candidates: {
      'httpkit-core': { title: 'httpkit-wasm, core call', file: 'httpkit', form: 'core' },
      'httpkit-valid': { title: 'httpkit-wasm, validUtf8', file: 'httpkit', form: 'validUtf8' },
      node: { title: 'buffer.isUtf8', file: 'node', form: 'isUtf8' },
    },
    comparisons: [
      ['node', 'httpkit-core'],
      ['node', 'httpkit-valid'],
    ],
  },
}

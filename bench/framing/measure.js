// One candidate in a process of its own, so that no other's code shapes what the compiler makes of it: `measure.js SUBJECT
// FILE FORM`. On a message with an input's name and a time, runs it for so long and answers ns a frame.

import { isUtf8 } from 'node:buffer'
import { nsEach, warmedUp } from '../timing.js'
import { frameOf, opcodes } from '../websocket-inputs.js'
import { subjects } from './subjects.js'

// Unmasking is done where the frame lies, so the next run finds the payload that the mask makes of it. Under this mask,
// one bit of each byte, text becomes text of the same kind, and each run has the same to do as the one before.
const key = Buffer.from([1, 1, 1, 1])

const [subject, file, form] = process.argv.slice(2)
const ready = new Map()

// What a file exports has the subject's name.
const candidates = import(`./${file}.js`).then((module) => module[camel(subject)])

process.on('message', async ({ input, ms }) => {
  try {
    const description = subjects[subject].inputs[input]
    if (!ready.has(input)) ready.set(input, await prepare((await candidates)[form], description))
    process.send({ ns: (await nsEach(ready.get(input), ms)) / description.frames })
  } catch (error) {
    process.send({ error: error.message })
  }
})

// What gave another result than it should is not measured.
function prepare(make, { frames, opcode, message }) {
  const payloads = Array.from({ length: frames }, (_, i) => message(i))
  if (opcode === opcodes.text) payloads.forEach(demandTextUnderMask)
  const candidate = make({
    opcode,
    payloads,
    key,
    masked: Buffer.concat(payloads.map((payload) => frameOf(opcode, payload, key))),
  })
  candidate.verify()
  return warmedUp(candidate.repeat)
}

function demandTextUnderMask(payload) {
  if (!isUtf8(payload.map((byte, i) => byte ^ key[i & 3])))
    throw new Error('the mask makes no text of this text')
}

function camel(name) {
  return name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())
}

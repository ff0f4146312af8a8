// ws's two halves as its WebSocket drives them. Text stays bytes: the Receiver checks it, and a string is the listener's
// affair. The Sender gives pieces, which its socket would write one after the other.

import { Receiver, Sender } from 'ws'
import { frameOf, opcodes } from '../websocket-inputs.js'
import { demandEqual } from './expect.js'

export const decode = {
  ws({ payloads, masked }) {
    const receiver = new Receiver({ isServer: true })
    let received = []
    let count = 0
    receiver.on('message', (message) => {
      count++
      received.push(message)
    })
    const verify = () => {
      receiver.write(Buffer.from(masked))
      demandEqual(Buffer.concat(received), Buffer.concat(payloads))
      received = undefined
      receiver.removeAllListeners('message').on('message', () => {
        count++
      })
    }
    const repeat = (times) => {
      count = 0
      for (let i = 0; i < times; i++) receiver.write(masked)
      if (count !== times * payloads.length) throw new Error(`ws read ${count} messages`)
    }
    return { repeat, verify }
  },
}

export const encode = { ws: (input) => encoder(input, undefined) }
export const encodeMasked = { ws: (input) => encoder(input, input.key) }

function encoder({ opcode, payloads: [payload] }, key) {
  const data = opcode === opcodes.text ? payload.toString() : payload
  const options = { fin: true, rsv1: false, opcode, mask: key !== undefined, readOnly: true }
  if (key) Object.assign(options, { maskBuffer: key, generateMask: () => {} })
  let pieces
  const repeat = (times) => {
    for (let i = 0; i < times; i++) pieces = Sender.frame(data, options)
  }
  const verify = () => {
    repeat(1)
    demandEqual(Buffer.concat(pieces), frameOf(opcode, payload, key))
  }
  return { repeat, verify }
}

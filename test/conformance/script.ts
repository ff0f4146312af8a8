// What a case of the conformance tables is made of: a number and a title from the list, and a script. The numbers are
// those of the Autobahn testsuite (https://github.com/crossbario/autobahn-testsuite), and so is what is sent; what is
// expected is the strictest of the outcomes it knows. One end of the connection is ours and echoes every message; the
// other end, a raw peer, plays the script, as a client (its frames masked) or as a server (unmasked).
//
//   ['2.1', 'answers an empty ping', [send(ping()), receive(pong()), weClose]]
//
//   send(frame, …)              all of them in one write
//   sendApart(frame, …)         so that each is read alone
//   sendInChops(1, frame, …)    so that one byte at a time is read
//   sendPart(frame, 0, 12)      the first twelve bytes of its payload, with its head; (frame, 12, 13) the next one
//   receive(text('x'))          the next message (in however many frames) or control frame is this
//   nothingComes                no byte, and the connection stays
//   weClose                     the peer sends Close 1000, is answered with Close 1000, and TCP ends
//   theyAnswer(1000)            the peer has sent its Close: next comes a Close with this code, and TCP ends
//   theyFail(1002)              next comes a Close with this code, though the peer sent no valid one, and TCP ends
import type { RawFrame } from '../support/raw-websocket.js'

export type Case = readonly [number: string, title: string, script: readonly Step[]]

export type Step =
  | { step: 'send'; frames: readonly RawFrame[] }
  | { step: 'send apart'; frames: readonly RawFrame[] }
  | { step: 'send in chops'; bytes: number; frames: readonly RawFrame[] }
  | { step: 'send part'; frame: RawFrame; from: number; to: number }
  | { step: 'receive'; frame: RawFrame }
  | { step: 'nothing comes' }
  | { step: 'we close' }
  | { step: 'they answer'; code: number | undefined }
  | { step: 'they fail'; code: number }

export function send(...frames: RawFrame[]): Step {
  return { step: 'send', frames }
}

export function sendApart(...frames: RawFrame[]): Step {
  return { step: 'send apart', frames }
}

export function sendInChops(bytes: number, ...frames: RawFrame[]): Step {
  return { step: 'send in chops', bytes, frames }
}

/** Only for payloads of up to 125 bytes. */
export function sendPart(frame: RawFrame, from: number, to: number): Step {
  return { step: 'send part', frame, from, to }
}

export function receive(frame: RawFrame): Step {
  return { step: 'receive', frame }
}

export const nothingComes: Step = { step: 'nothing comes' }

export const weClose: Step = { step: 'we close' }

/** `undefined`: an empty Close. */
export function theyAnswer(code: number | undefined): Step {
  return { step: 'they answer', code }
}

export function theyFail(code: number): Step {
  return { step: 'they fail', code }
}

/** The parts of a frame that more of its message follows. */
export const more = { fin: false }

/** One message in frames of so many bytes. */
export function fragments(message: RawFrame, bytes: number): RawFrame[] {
  const payload = Buffer.from(message.payload ?? '')
  const frames: RawFrame[] = []
  for (let at = 0; at < payload.length; at += bytes) {
    const isLast = at + bytes >= payload.length
    const opcode = at === 0 ? message.opcode : 0
    const rsv = at === 0 ? (message.rsv ?? 0) : 0
    frames.push({ opcode, rsv, fin: isLast, payload: payload.subarray(at, at + bytes) })
  }
  return frames
}

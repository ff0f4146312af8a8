// Sockets that read straight into the core's memory. Node has no public way to give an accepted socket a read buffer
// (nodejs/node#25436 gave it to clients), so this file, and no other, fills the slots that the public `onread` option
// of client sockets fills. They are feature-tested; where one is missing ('data' in Bun, say) bytes are copied in.
//
// One window serves all sockets: a read and its callback are one synchronous step. The callback is called as a method
// of the socket, so one function serves all connections too.
import type { Socket } from 'node:net'
import { window, windowSize } from '../core/wasm.js'

/** Who reads from a socket. `onBytes` finds `length` bytes in the window; false stops the reading. */
export interface WindowReader {
  onBytes(length: number): boolean
}

interface Slots {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

type Internals = Socket & {
  [slot: symbol]: unknown
  _handle?: { useUserBuffer?(buffer: Uint8Array): void; writeQueueSize?: number; reading?: boolean } | null
}

const READER = Symbol('reader')
let slots: Slots | undefined

function findSlots(socket: Internals): Slots | undefined {
  if (typeof socket._handle?.useUserBuffer !== 'function') return undefined
  if (slots && slots.buffer in socket) return slots
  const byName: Record<string, symbol> = {}
  for (const symbol of Object.getOwnPropertySymbols(socket)) byName[symbol.description ?? ''] = symbol
  const { kBuffer, kBufferCb, kBufferGen } = byName
  if (!kBuffer || !kBufferCb || !kBufferGen) return undefined
  slots = { buffer: kBuffer, callback: kBufferCb, generator: kBufferGen }
  return slots
}

/**
 * Has `reader` called for every read of `socket`, from now on; `socket.resume()` goes on after it said false. Call it in
 * the event that brought the socket.
 */
export function readIntoWindow(socket: Socket, reader: WindowReader): void {
  const internals = socket as Internals
  internals[READER] = reader
  const found = findSlots(internals)
  if (!found) {
    socket.on('data', onData)
    return
  }
  internals[found.buffer] = window
  internals[found.callback] = onRead
  internals[found.generator] = null
  internals._handle!.useUserBuffer!(window)
  socket.resume()
}

/** Who reads from the socket. */
export function readerOf(socket: Socket): WindowReader {
  return (socket as Internals)[READER] as WindowReader
}

// A throw here would be an uncaught exception of the process; readers answer for their own.
function onRead(this: Internals, length: number): boolean {
  return (this[READER] as WindowReader).onBytes(length)
}

function onData(this: Internals, bytes: Uint8Array): void {
  const reader = this[READER] as WindowReader
  for (let at = 0; at < bytes.length; at += windowSize) {
    const piece = bytes.subarray(at, at + windowSize)
    window.set(piece)
    if (!reader.onBytes(piece.length)) {
      const rest = bytes.subarray(at + windowSize)
      this.pause()
      if (rest.length > 0) this.unshift(rest)
      return
    }
  }
}

/** Bytes given to the socket that the kernel has not taken yet. */
export function unsentBytes(socket: Socket): number {
  return (socket as Internals)._handle?.writeQueueSize ?? socket.writableLength
}

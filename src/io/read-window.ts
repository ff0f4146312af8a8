// Sockets that read straight into the core's memory. Node has no public way to give an accepted socket a read buffer
// (nodejs/node#25436 gave it to clients), so this file, and no other, fills the slots that the public `onread` option
// of client sockets fills. They are feature-tested; where one is missing ('data' in Bun, say) bytes are copied in.
//
// One window serves all sockets: a read and its callback are one synchronous step. The callback is called as a method
// of the socket, so one function serves all connections too.
import { window, windowSize } from '../core/wasm.js'
import type { ByteSocket } from './socket.js'
import { nextRound } from './turns.js'

/** Who reads from a socket, and is told of its end. */
export interface SocketOwner {
  /** `length` bytes are in the window; false stops the reading, until `socket.resume()`. */
  onBytes(length: number): boolean
  /** The peer sends no more. */
  onPeerEnd(): void
  /** The socket is closed, or lost. */
  onGone(): void
}

interface Slots {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

type Internals = ByteSocket & {
  [slot: symbol]: unknown
  [OWNER]?: SocketOwner
  _handle?: Handle | null
}

interface Handle {
  useUserBuffer?(buffer: Uint8Array): void
  writeQueueSize?: number
  readStart?(): number
  readStop?(): number
  /** Deno's, under TLS: the handle below. */
  _nativeTcpHandle?: Required<Pick<Handle, 'readStart' | 'readStop'>> | null
}

const OWNER = Symbol('owner')
/** What a read has left in the window is being worked off. */
let isInUse = false
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

/** Has `owner` told what becomes of `socket`, from now on. Call it in the event that brought the socket. */
export function own(socket: ByteSocket, owner: SocketOwner): void {
  socket.on('end', onEnd).on('error', onError).on('close', onClose)
  stopBelow(socket as Internals)
  readIntoWindow(socket as Internals, owner)
}

// A TLS socket that is told to stop reading should have the one below stop. In Deno 2.9.5 that one reads on, and all that the
// peer sends is kept in memory.
function stopBelow({ _handle }: Internals): void {
  const below = _handle?._nativeTcpHandle
  if (!_handle?.readStart || !_handle.readStop || !below) return
  const { readStart, readStop } = _handle
  _handle.readStart = () => {
    below.readStart()
    return readStart.call(_handle)
  }
  _handle.readStop = () => {
    below.readStop()
    return readStop.call(_handle)
  }
}

/** Has another told from now on. */
export function handOver(socket: ByteSocket, successor: SocketOwner): void {
  ;(socket as Internals)[OWNER] = successor
}

function readIntoWindow(internals: Internals, owner: SocketOwner): void {
  internals[OWNER] = owner
  const found = findSlots(internals)
  if (!found) {
    internals.on('data', onData).resume()
    return
  }
  internals[found.buffer] = window
  internals[found.callback] = onRead
  internals[found.generator] = null
  internals._handle!.useUserBuffer!(window)
  internals.resume()
}

// Listeners that all sockets share: `this` is the socket. A throw in them would be an uncaught exception of the process;
// owners answer for their own.

function onRead(this: Internals, length: number): boolean {
  isInUse = true
  try {
    return this[OWNER]!.onBytes(length)
  } finally {
    isInUse = false
  }
}

function onEnd(this: Internals): void {
  this[OWNER]!.onPeerEnd()
}

function onClose(this: Internals): void {
  this[OWNER]!.onGone()
}

// 'close' follows, though under TLS only if the socket is told so.
function onError(this: Internals, error: Error): void {
  this.destroy(error)
}

function onData(this: Internals, bytes: Uint8Array | string): void {
  if (typeof bytes === 'string') {
    this.destroy(new TypeError('a socket gives text where bytes are wanted'))
    return
  }
  if (isInUse) return comeAgain(this, bytes)
  for (let at = 0; at < bytes.length; at += windowSize) {
    const piece = bytes.subarray(at, at + windowSize)
    window.set(piece)
    if (!onRead.call(this, piece.length)) {
      const rest = bytes.subarray(at + windowSize)
      this.pause()
      if (rest.length > 0) this.unshift(rest)
      return
    }
  }
}

// A stream of a user's may answer in the moment that it is written to, while the window still holds what another has read.
function comeAgain(socket: Internals, bytes: Uint8Array): void {
  socket.pause()
  socket.unshift(bytes)
  nextRound(() => socket.resume())
}

/** Lays bytes that have been kept where those that are read lie, and has `take` work them off. */
export function readAgain(bytes: Uint8Array, take: (length: number) => void): void {
  isInUse = true
  try {
    window.set(bytes)
    take(bytes.length)
  } finally {
    isInUse = false
  }
}

/** Bytes given to the socket that the kernel has not taken yet. */
export function unsentBytes(socket: ByteSocket): number {
  return (socket as Internals)._handle?.writeQueueSize ?? socket.writableLength
}

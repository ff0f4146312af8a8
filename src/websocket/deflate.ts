// Compression of messages (RFC 7692 §7.2), by node:zlib in single calls. What "context takeover" carries from one message
// to the next is the end of the bytes before, and zlib takes that as a dictionary: so a connection keeps no compressor,
// hundreds of kilobytes large, but at most a window of what it sent and one of what it received. Small messages are done
// on the spot, so that the answers to one read still leave together; large ones go to zlib's threads.
import type { ZlibOptions } from 'node:zlib'
import { limits, zlib } from '#runtime'
import type { DeflateParameters } from '../core/permessage-deflate.js'
import { type ProtocolError, protocolError } from '../core/protocol-error.js'
import type { DeflateOptions } from './deflate-options.js'

type Inflated = Uint8Array | ProtocolError

/** Bytes that are deflated, or come of inflating, without leaving the event loop. */
const MAX_AT_ONCE = 64 * 1024
/** How far we look back ourselves. Every message pays for what is looked through, and further back there is little to find. */
const OWN_WINDOW = 8 * 1024
/** What ends a message and is not sent (RFC 7692 §7.2.1). */
const TAIL = Uint8Array.of(0x00, 0x00, 0xff, 0xff)
/** A message of no bytes (§7.2.3.6). */
const EMPTY = Uint8Array.of(0x00)

/** Whether messages can be compressed here. */
export const canDeflate = zlib !== undefined

export class Deflate {
  private readonly threshold: number
  private readonly level: number | undefined
  private readonly memLevel: number | undefined
  /** How far the compressor may look back: a binary logarithm. */
  readonly windowBits: number
  private readonly sent: Window | undefined
  private readonly received: Window | undefined

  constructor(isServer: boolean, agreed: DeflateParameters, options: DeflateOptions) {
    this.threshold = options.threshold ?? 1024
    this.level = options.level
    this.memLevel = options.memLevel
    const server = windowOf(agreed.serverNoContextTakeover, agreed.serverMaxWindowBits)
    const client = windowOf(agreed.clientNoContextTakeover, agreed.clientMaxWindowBits)
    this.windowBits = isServer ? agreed.serverMaxWindowBits : agreed.clientMaxWindowBits
    this.sent = newWindow(Math.min(isServer ? server : client, OWN_WINDOW))
    this.received = newWindow(isServer ? client : server)
  }

  /** True where nothing is carried over from what was sent: what one such connection is sent, all may be. */
  get forgets(): boolean {
    return this.sent === undefined
  }

  /** Whether the message is large enough to be worth it. */
  wants(message: string | Uint8Array): boolean {
    if (message.length >= this.threshold) return true
    // Text may have up to three bytes a character.
    if (typeof message !== 'string' || message.length * 3 < this.threshold) return false
    return Buffer.byteLength(message) >= this.threshold
  }

  /** The payload, compressed; a promise of it where it is large. One at a time. */
  deflate(payload: Uint8Array): Uint8Array | Promise<Uint8Array> {
    if (payload.length === 0) return EMPTY
    const { level, memLevel, windowBits } = this
    const options = { ...optionsWith(this.sent), level, memLevel, windowBits }
    if (payload.length <= MAX_AT_ONCE) {
      const compressed = zlib!.deflateRawSync(payload, options)
      this.sent?.slide(payload)
      return compressed.subarray(0, -TAIL.length)
    }
    return new Promise((resolve, reject) => {
      zlib!.deflateRaw(payload, options, (error, compressed) => {
        if (error) return reject(error)
        this.sent?.slide(payload)
        resolve(compressed.subarray(0, -TAIL.length))
      })
    })
  }

  /**
   * The payload as it was, or what is wrong with it: BAD_DEFLATE, MESSAGE_TOO_BIG; a promise of that where it is large.
   * One at a time.
   *
   * @param maxBytes of the outcome
   */
  inflate(payload: Uint8Array, maxBytes: number): Inflated | Promise<Inflated> {
    const before = takesDictionaries() ? undefined : this.received?.bytes
    const input = Buffer.concat([storedBlock(before), payload, TAIL])
    const known = before?.length ?? 0
    const atOnce = Math.min(maxBytes, MAX_AT_ONCE)
    if (input.length - known <= MAX_AT_ONCE) {
      try {
        const maxOutputLength = lengthOf(known + atOnce)
        const message = zlib!.inflateRawSync(input, { ...optionsWith(this.received), maxOutputLength })
        return this.inflated(message.subarray(known), maxBytes)
      } catch (error) {
        if (!isTooLarge(error) || atOnce === maxBytes) return faultOf(error)
      }
    }
    const options = { ...optionsWith(this.received), maxOutputLength: lengthOf(known + maxBytes) }
    return new Promise((resolve) => {
      zlib!.inflateRaw(input, options, (error, message) => {
        resolve(error ? faultOf(error) : this.inflated(message.subarray(known), maxBytes))
      })
    })
  }

  private inflated(message: Uint8Array, maxBytes: number): Inflated {
    if (message.length > maxBytes) return protocolError('MESSAGE_TOO_BIG')
    this.received?.slide(message)
    return message
  }
}

function optionsWith(window: Window | undefined): ZlibOptions {
  const dictionary = window?.bytes
  return {
    finishFlush: zlib!.constants.Z_SYNC_FLUSH,
    ...(dictionary && dictionary.length > 0 && { dictionary }),
  }
}

/** Whether zlib takes dictionaries for raw deflate: in Deno 2.9.5 it leaves them aside, and says nothing. */
function takesDictionaries(): boolean {
  isTaken ??= deflatedSize({ dictionary: SAMPLE }) < deflatedSize({})
  return isTaken
}

let isTaken: boolean | undefined
const SAMPLE = Uint8Array.from({ length: 32 }, (_, index) => index)

function deflatedSize(options: ZlibOptions): number {
  return zlib!.deflateRawSync(SAMPLE, options).length
}

// Where there are no dictionaries, what came before is put in front of the message, as a block that is not compressed
// (RFC 1951 §3.2.4), and its bytes are cut off again.
function storedBlock(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined || bytes.length === 0) return new Uint8Array(0)
  const { length } = bytes
  return Buffer.concat([Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8), bytes])
}

// What zlib takes for a limit.
function lengthOf(bytes: number): number {
  return Math.min(Math.max(1, bytes), limits!.MAX_LENGTH)
}

function windowOf(forgets: boolean, bits: number): number {
  return forgets ? 0 : 1 << bits
}

function newWindow(size: number): Window | undefined {
  return size === 0 ? undefined : new Window(size)
}

function isTooLarge(error: unknown): boolean {
  return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
}

function faultOf(error: unknown): ProtocolError {
  return protocolError(isTooLarge(error) ? 'MESSAGE_TOO_BIG' : 'BAD_DEFLATE')
}

/** The last bytes of a stream, as many as a compressor may refer back to. */
class Window {
  private readonly size: number
  private room = Buffer.alloc(0)
  private end = 0

  constructor(size: number) {
    this.size = size
  }

  get bytes(): Uint8Array {
    return this.room.subarray(Math.max(0, this.end - this.size), this.end)
  }

  // Room for two windows: the older half is dropped when it is full, so the copying is linear.
  slide(bytes: Uint8Array): void {
    const last = bytes.subarray(Math.max(0, bytes.length - this.size))
    if (this.end + last.length > this.room.length) this.makeRoom(last.length)
    this.room.set(last, this.end)
    this.end += last.length
  }

  private makeRoom(length: number): void {
    const kept = this.bytes
    const needed = kept.length + length
    if (needed > this.room.length) {
      const grown = Buffer.allocUnsafe(Math.min(2 * this.size, Math.max(needed, 2 * this.room.length, 512)))
      grown.set(kept)
      this.room = grown
    } else {
      this.room.set(kept)
    }
    this.end = kept.length
  }
}

// A request's body: what the connection pushes on one side, the handler pulls on the other. The queue between them is
// bounded by pausing the socket. A body that came whole with its head is not even copied as long as the handler reads
// it at once: it is taken straight from the inbox.
import { Buffer } from 'node:buffer'
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8, isUtf8 } from '../core/media-type.js'
import { withoutMark } from '../core/text.js'
import { memory } from '../core/wasm.js'
import { streamOf } from '../io/stream-of.js'
import type { RequestBody } from '../ring/contract.js'

/** Bytes that may wait for the handler before the socket is paused. */
const MAX_QUEUED = 256 * 1024
/** What a queued piece counts for at the least: many small ones cost more than their bytes. */
const MIN_PIECE = 1024
/** Pieces smaller than this share Node's pool. */
const POOLED_PIECE = 4096

/** What a body needs of its connection. */
export interface BodySource {
  /** The handler wants bytes: send 100 Continue if the client waits for it, and go on reading. */
  onBodyWanted(): void
}

type Waiting = { resolve(piece: Uint8Array | undefined): void; reject(error: Error): void }

const inbox = memory as Buffer
const isNotTaken = 'the body has been read already'

export class IncomingBody implements RequestBody {
  private readonly source: BodySource
  private readonly charset: string | undefined
  private queue: Uint8Array[] = []
  private queuedBytes = 0
  private inboxStart = 0
  private inboxEnd = 0
  private ended = false
  private taken = false
  private error: Error | undefined
  private waiting: Waiting | undefined

  constructor(source: BodySource, charset: string | undefined) {
    this.source = source
    this.charset = charset
  }

  // The connection's side.

  /** True while the handler should be left to catch up. */
  get isFull(): boolean {
    return this.queuedBytes >= MAX_QUEUED
  }

  /** True once the handler has begun to read. */
  get isTaken(): boolean {
    return this.taken
  }

  /** A span of the inbox that came with the head; `keep` it before the inbox is read into again. */
  lend(start: number, end: number): void {
    this.inboxStart = start
    this.inboxEnd = end
  }

  keep(): void {
    const start = this.inboxStart
    const end = this.inboxEnd
    if (start === end) return
    this.inboxStart = this.inboxEnd = 0
    this.push(start, end)
  }

  push(start: number, end: number): void {
    if (this.error) return
    const size = end - start
    const piece = size < POOLED_PIECE ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
    inbox.copy(piece, 0, start, end)
    if (this.waiting) this.settle(piece)
    else {
      this.queue.push(piece)
      this.queuedBytes += Math.max(size, MIN_PIECE)
    }
  }

  end(): void {
    this.ended = true
    if (this.waiting) this.settle(undefined)
  }

  /** The rest will not come. Pieces that have come can still be read. */
  fail(error: Error): void {
    if (this.ended || this.error) return
    this.error = error
    const waiting = this.waiting
    this.waiting = undefined
    waiting?.reject(error)
  }

  private settle(piece: Uint8Array | undefined): void {
    const waiting = this.waiting!
    this.waiting = undefined
    waiting.resolve(piece)
  }

  // The handler's side.

  async bytes(): Promise<Uint8Array> {
    this.take()
    if (this.ended && this.queue.length === 0)
      return Uint8Array.from(inbox.subarray(this.inboxStart, this.inboxEnd))
    return this.rest()
  }

  async text(): Promise<string> {
    this.take()
    return this.decode(this.charset)
  }

  async json(): Promise<unknown> {
    this.take()
    return JSON.parse(await this.decode(undefined))
  }

  stream(): ReadableStream<Uint8Array> {
    return streamOf(this[Symbol.asyncIterator]())
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    this.take()
    this.keep()
    return {
      next: async () => {
        const value = await this.nextPiece()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => {
        this.fail(new Error('the reader has stopped'))
        this.queue = []
        this.queuedBytes = 0
        this.source.onBodyWanted()
        return { done: true, value: undefined }
      },
    }
  }

  private take(): void {
    if (this.taken) throw new TypeError(isNotTaken)
    this.taken = true
    if (!this.ended) this.source.onBodyWanted()
  }

  private nextPiece(): Promise<Uint8Array | undefined> | Uint8Array | undefined {
    const piece = this.queue.shift()
    if (piece) {
      const wasFull = this.isFull
      this.queuedBytes -= Math.max(piece.length, MIN_PIECE)
      if (wasFull && !this.isFull) this.source.onBodyWanted()
      return piece
    }
    if (this.error) throw this.error
    if (this.ended) return undefined
    if (this.waiting) throw new TypeError('a piece of the body is being waited for already')
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  private async rest(): Promise<Uint8Array> {
    this.keep()
    const first = (await this.nextPiece()) ?? new Uint8Array()
    const second = await this.nextPiece()
    if (!second) return first
    const all = new GrowingBytes(2 * (first.length + second.length))
    all.append(first)
    for (let piece: Uint8Array | undefined = second; piece; piece = await this.nextPiece()) all.append(piece)
    return all.bytes
  }

  private decode(charset: string | undefined): string | Promise<string> {
    if (this.ended && this.queue.length === 0 && isUtf8(charset)) {
      return withoutMark(inbox.toString('utf8', this.inboxStart, this.inboxEnd))
    }
    return this.rest().then(decoderOrUtf8(charset))
  }
}

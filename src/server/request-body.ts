// A request's body: what the connection pushes on one side, the handler pulls on the other. The queue between them is
// bounded by pausing the socket. A body that came whole with its head is not even copied as long as the handler reads
// it at once: it is taken straight from the inbox.
import type { Buffer } from 'node:buffer'
import { GrowingBytes } from '../core/growing-bytes.js'
import { decoderOrUtf8, isUtf8 } from '../core/media-type.js'
import { withoutMark } from '../core/text.js'
import { memory } from '../core/wasm.js'
import { ByteQueue } from '../io/byte-queue.js'
import { copyOf } from '../io/copy-of.js'
import { streamOf } from '../io/stream-of.js'
import type { RequestBody } from '../ring/contract.js'

/** What a body needs of its connection. */
export interface BodySource {
  /** The handler wants bytes: send 100 Continue if the client waits for it, and go on reading. */
  onBodyWanted(): void
}

const inbox = memory as Buffer
const isNotTaken = 'the body has been read already'

export class IncomingBody implements RequestBody {
  private readonly source: BodySource
  private readonly charset: string | undefined
  private readonly queue: ByteQueue
  private inboxStart = 0
  private inboxEnd = 0
  private ended = false
  private taken = false

  constructor(source: BodySource, charset: string | undefined) {
    this.source = source
    this.charset = charset
    this.queue = new ByteQueue(() => source.onBodyWanted())
  }

  // The connection's side.

  /** True while the handler should be left to catch up. */
  get isFull(): boolean {
    return this.queue.isFull
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
    this.queue.push(copyOf(start, end))
  }

  push(start: number, end: number): void {
    if (!this.queue.isOver) this.queue.push(copyOf(start, end))
  }

  end(): void {
    this.ended = true
    this.queue.end()
  }

  /** The rest will not come. Pieces that have come can still be read. */
  fail(error: Error): void {
    this.queue.fail(error)
  }

  // The handler's side.

  async bytes(): Promise<Uint8Array> {
    this.take()
    if (this.isInInbox) return Uint8Array.from(inbox.subarray(this.inboxStart, this.inboxEnd))
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
    return this.queue.iterator(() => this.source.onBodyWanted())
  }

  private take(): void {
    if (this.taken) throw new TypeError(isNotTaken)
    this.taken = true
    if (!this.ended) this.source.onBodyWanted()
  }

  private get isInInbox(): boolean {
    return this.ended && this.queue.isEmpty
  }

  private async rest(): Promise<Uint8Array> {
    this.keep()
    const first = (await this.queue.next()) ?? new Uint8Array()
    const second = await this.queue.next()
    if (!second) return first
    const all = new GrowingBytes(2 * (first.length + second.length))
    all.append(first)
    for (let piece: Uint8Array | undefined = second; piece; piece = await this.queue.next()) all.append(piece)
    return all.bytes
  }

  private decode(charset: string | undefined): string | Promise<string> {
    if (this.isInInbox && isUtf8(charset)) {
      return withoutMark(inbox.toString('utf8', this.inboxStart, this.inboxEnd))
    }
    return this.rest().then(decoderOrUtf8(charset))
  }
}

// What one socket is sent. Everything written within one turn leaves in one write: text is gathered as a binary string
// (one character, one byte), large bytes are corked behind it uncopied. It knows how much the peer has yet to take.
import { latin1Of } from '../core/text.js'
import { unsentBytes } from './read-window.js'
import type { ByteSocket } from './socket.js'

/** Bytes of text that are handed to the socket without waiting for the end of a turn. */
const MAX_GATHERED = 64 * 1024
/** Characters of a text from which it is written beside what was gathered: to join them would copy it once more. */
const LONG_TEXT = 8 * 1024
/** Bytes up to which binary is joined to the text before it: a copy is cheaper than another buffer to write. */
const JOINED_BYTES = 4 * 1024

export interface OutboxOwner {
  /** Something is to be flushed at the end of this turn. */
  takeTurn(): void
  /** Bytes have been handed to the socket. */
  onSent(bytes: number): void
}

export class Outbox {
  /** Who is told; another protocol's from the switch on. */
  owner: OutboxOwner
  private readonly socket: ByteSocket
  private gathered = ''
  /** A piece that may turn out to be the turn's only one. */
  private held: Uint8Array | undefined = undefined
  private isCorked = false
  /** The socket said that it holds enough; it may have let go of it since. */
  private isBehind = false
  /** Bytes handed to the socket since the last flush. */
  sentThisTurn = 0
  /** Those to be told when what was written before this turn's end has left. */
  private waiters: ((hasLeft: boolean) => void)[] | undefined = undefined
  /** Under TLS: called for each write that has left; the writes, and how many of them have. */
  private readonly onLeft: (() => void) | undefined
  private written = 0
  private left = 0
  private awaited: { readonly last: number; settle(): void } | undefined = undefined
  /** Calls of `drained` that have not settled. */
  undrained = 0

  constructor(socket: ByteSocket, owner: OutboxOwner) {
    this.socket = socket
    this.owner = owner
    this.onLeft = socket.encrypted ? () => this.countLeft() : undefined
  }

  /** Bytes written here that the operating system has not said it has taken. */
  get unsentBytes(): number {
    return this.gathered.length + (this.held?.length ?? 0) + this.socket.writableLength
  }

  /** True while some of what was written may still be read. */
  get isSending(): boolean {
    return this.held !== undefined || (this.socket.writableLength > 0 && !this.socket.destroyed)
  }

  /** True while bytes that may have to wait for the peer are with the socket. */
  get isWaiting(): boolean {
    return this.isBehind && this.socket.writableLength > 0
  }

  /** True when the operating system has not taken all that was flushed: the peer reads slower than we write. */
  get isClogged(): boolean {
    return this.isBehind && this.socket.writableNeedDrain && unsentBytes(this.socket) > 0
  }

  /** Text as a binary string: one character, one byte. */
  writeText(text: string): void {
    if (text.length > LONG_TEXT || this.held !== undefined) return this.writeApart(text)
    this.gathered += text
    if (this.gathered.length > MAX_GATHERED) this.send()
    this.owner.takeTurn()
  }

  /** The bytes must rest until they have left. */
  writeBytes(bytes: Uint8Array): void {
    if (bytes.length <= JOINED_BYTES) this.writeText(latin1Of(bytes))
    else this.writeApart(bytes)
  }

  /** A piece of its own among what leaves together; bytes must rest until they have left. */
  writeApart(data: Uint8Array | string): void {
    if (typeof data !== 'string' && this.isEmpty && !this.isCorked) this.held = data
    else this.writeCorked(data)
    this.owner.takeTurn()
  }

  private get isEmpty(): boolean {
    return this.gathered === '' && this.held === undefined
  }

  private writeCorked(data: Uint8Array | string): void {
    this.cork()
    this.send()
    this.write(data)
  }

  private cork(): void {
    if (this.isCorked) return
    this.isCorked = true
    this.socket.cork()
  }

  /**
   * Ends a turn: what was written leaves.
   *
   * @param last bytes that go after it, and must rest until they have left
   */
  flush(last?: Uint8Array): void {
    if (last !== undefined && !this.isEmpty) this.cork()
    this.send()
    if (last !== undefined) this.write(last)
    this.sentThisTurn = 0
    if (this.isCorked) {
      this.isCorked = false
      this.socket.uncork()
    }
    if (this.waiters !== undefined && this.awaited === undefined) this.await(this.waiters)
  }

  private send(): void {
    const { gathered, held } = this
    if (gathered !== '') {
      this.gathered = ''
      this.write(gathered)
    } else if (held !== undefined) {
      this.held = undefined
      this.write(held)
    }
  }

  private write(data: Uint8Array | string): void {
    if (data.length === 0) return
    this.sentThisTurn += data.length
    this.written++
    this.isBehind = !this.socket.write(data as string, 'latin1', this.onLeft)
    this.owner.onSent(data.length)
  }

  /** Settles when what was written so far has left, or the socket is gone. @returns whether it has left */
  drained(): Promise<boolean> {
    if (this.socket.destroyed || this.unsentBytes === 0) return Promise.resolve(!this.socket.destroyed)
    this.undrained++
    return new Promise((resolve) => {
      this.waiters ??= []
      this.waiters.push(resolve)
      this.owner.takeTurn()
    })
  }

  // Where the socket will not say by itself when it is empty, an empty write does. Not under TLS, where it may bring a read with
  // it, and where in Deno 2.9.5 it is never done with, nor is what follows it: there all writes tell, at some cost.
  private await(waiters: ((hasLeft: boolean) => void)[]): void {
    const { socket } = this
    this.waiters = undefined
    const settle = (): void => {
      socket.off('drain', settle).off('close', settle)
      this.awaited = undefined
      this.undrained -= waiters.length
      for (const resolve of waiters.splice(0)) resolve(!socket.destroyed)
      this.owner.takeTurn()
    }
    socket.on('close', settle)
    if (this.onLeft !== undefined) this.awaited = { last: this.written, settle }
    else if (socket.writableNeedDrain || socket.writableEnded) socket.on('drain', settle)
    else socket.write('', 'latin1', settle)
  }

  private countLeft(): void {
    this.left++
    if (this.awaited !== undefined && this.awaited.last <= this.left) this.awaited.settle()
  }

  /** Says no more. */
  end(): void {
    this.flush()
    this.socket.end()
  }
}

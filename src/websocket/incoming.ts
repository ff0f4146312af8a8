// What a peer sends, from bytes to deliveries: messages, pings, pongs, its close, in the order they came. Pings are told of
// as they are read, for they are to be answered. Where deliveries are behind, what has not been looked at is parked.
import type { CloseStatus, Closing } from '../core/close.js'
import { BINARY, CLOSE, PING, PONG, TEXT } from '../core/frame-reader.js'
import { GrowingBytes } from '../core/growing-bytes.js'
import { MessageReader } from '../core/message-reader.js'
import type { ProtocolError } from '../core/protocol-error.js'
import { windowSize, windowStart } from '../core/wasm.js'
import { readAgain } from '../io/read-window.js'
import { Deliveries, type Receiver } from '../ring/deliveries.js'

/** Something to be told of, each in its turn. */
export type Item =
  | { kind: 'open' }
  | { kind: 'message'; message: string | Uint8Array }
  | { kind: 'deflated'; isText: boolean; payload: Uint8Array }
  | { kind: 'ping' | 'pong'; data: Uint8Array }
  | { kind: 'close'; closing: Closing }
  | { kind: 'end'; status: CloseStatus; closing: Closing }

export interface IncomingOwner extends Receiver<Item> {
  /** False once this side has closed: nothing is delivered then but the end. */
  readonly isOpen: boolean
  onPing(data: Uint8Array): void
  /** The peer has closed, and this side had before. */
  onCloseAnswered(): void
  /** What came breaks a rule. */
  refuse(error: ProtocolError): void
}

export class Incoming {
  readonly deliveries: Deliveries<Item>
  /** Nothing that comes counts any more. */
  isDeaf = false
  hasPeerClosed = false
  private readonly owner: IncomingOwner
  private readonly reader: MessageReader
  /** Input that has not been looked at. */
  private parked: GrowingBytes | undefined = undefined

  constructor(owner: IncomingOwner, isServer: boolean, allowsDeflate: boolean, maxMessage: number) {
    this.owner = owner
    this.reader = new MessageReader(isServer, allowsDeflate, maxMessage)
    this.deliveries = new Deliveries(owner)
  }

  get wantsBytes(): boolean {
    return this.isDeaf || (this.parked === undefined && !this.deliveries.isFull)
  }

  get hasParked(): boolean {
    return this.parked !== undefined
  }

  /** Nothing more is read. */
  deafen(): void {
    this.isDeaf = true
    this.parked = undefined
  }

  /** Works off bytes of linear memory. */
  read(start: number, end: number): void {
    this.reader.feed(start, end)
    this.readMessages()
  }

  /** Keeps a copy of the bytes for later, behind what is kept already. */
  park(bytes: Uint8Array): void {
    this.parked ??= new GrowingBytes(bytes.length)
    this.parked.append(bytes)
  }

  /** Works off what was parked, as far as there is room. */
  readParked(): void {
    const parked = this.parked?.bytes
    this.parked = undefined
    if (parked === undefined) return
    for (let at = 0; at < parked.length && !this.isDeaf; at += windowSize) {
      readAgain(parked.subarray(at, at + windowSize), (length) =>
        this.read(windowStart, windowStart + length),
      )
      if (this.parked !== undefined) return this.park(parked.subarray(at + windowSize))
    }
  }

  private readMessages(): void {
    const { reader, deliveries } = this
    while (!this.isDeaf) {
      if (deliveries.isFull && !reader.hasRows) {
        const rest = reader.setAside()
        return rest.length > 0 ? this.park(rest) : undefined
      }
      switch (reader.next()) {
        case TEXT:
          this.takeMessage(true)
          break
        case BINARY:
          this.takeMessage(false)
          break
        case PING:
          this.takePing()
          break
        case PONG:
          this.takePong()
          break
        case CLOSE:
          return this.takeClose()
        default:
          return reader.error && this.owner.refuse(reader.error)
      }
    }
  }

  private takeMessage(isText: boolean): void {
    if (!this.owner.isOpen) return
    const { reader, deliveries } = this
    if (reader.isDeflated) {
      const payload = deliveries.isBusy ? reader.bytes() : reader.payload()
      deliveries.deliver({ kind: 'deflated', isText, payload }, payload.length)
    } else {
      const message = isText ? reader.text() : reader.bytes()
      deliveries.deliver({ kind: 'message', message }, message.length)
    }
  }

  private takePing(): void {
    if (!this.owner.isOpen) return
    const data = this.reader.bytes()
    this.owner.onPing(data)
    this.deliveries.deliver({ kind: 'ping', data }, data.length)
  }

  private takePong(): void {
    if (!this.owner.isOpen) return
    const data = this.reader.bytes()
    this.deliveries.deliver({ kind: 'pong', data }, data.length)
  }

  private takeClose(): void {
    this.hasPeerClosed = true
    this.isDeaf = true
    if (this.owner.isOpen) this.deliveries.deliver({ kind: 'close', closing: this.reader.closing() }, 0)
    else this.owner.onCloseAnswered()
  }
}

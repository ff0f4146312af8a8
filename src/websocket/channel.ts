// http-kit's channel over a WebSocket: the same calls as over HTTP.
import type { CloseStatus } from '../core/close.js'
import { Moment } from '../io/moment.js'
import type { Outbox } from '../io/outbox.js'
import type { ByteSocket } from '../io/socket.js'
import type { Channel, ChannelCallbacks, RingResponse } from '../ring/contract.js'
import { messageOf } from '../ring/message.js'
import { WebSocketConnection, type WebSocketHost, type WebSocketSettings } from './connection.js'

export class WebSocketChannel extends WebSocketConnection implements Channel {
  readonly websocket = true
  private readonly handlers: ChannelCallbacks
  private readonly atClose = new Moment()

  constructor(
    handlers: ChannelCallbacks,
    host: WebSocketHost,
    socket: ByteSocket,
    outbox: Outbox,
    settings: WebSocketSettings,
  ) {
    super(host, socket, outbox, settings)
    this.handlers = handlers
  }

  get bufferedAmount(): number {
    return this.unsentBytes
  }

  get closed(): Promise<void> {
    return this.atClose.wait()
  }

  /** Sends a string as text, bytes as binary; of a response map, its body. */
  send(data: string | Uint8Array | RingResponse, closeAfterSend = false): boolean {
    const message = messageOf(data)
    const isSent = message === undefined ? this.isOpen : this.sendMessage(message)
    if (closeAfterSend) this.close()
    return isSent
  }

  async drained(): Promise<void> {
    await this.sending.drained()
  }

  protected opened(): unknown {
    return this.handlers.onOpen?.(this)
  }

  protected received(message: string | Uint8Array): unknown {
    return this.handlers.onReceive?.(this, message)
  }

  protected pinged(data: Uint8Array): unknown {
    return this.handlers.onPing?.(this, data)
  }

  protected ponged(data: Uint8Array): unknown {
    return this.handlers.onPong?.(this, data)
  }

  protected ended(status: CloseStatus, code: number, reason: string): unknown {
    this.atClose.come()
    return this.handlers.onClose?.(this, status, code, reason)
  }
}

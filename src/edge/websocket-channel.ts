// http-kit's channel over a WebSocket of the platform's: the same calls as over our own.
import type { CloseStatus } from '../core/close.js'
import type { Channel, ChannelHandlers, RingResponse } from '../ring/contract.js'
import { messageOf } from '../ring/message.js'
import type { FetchSettings } from './settings.js'
import { EdgeWebSocket } from './websocket.js'

export class EdgeChannel extends EdgeWebSocket implements Channel {
  readonly websocket = true
  private readonly handlers: ChannelHandlers

  constructor(handlers: ChannelHandlers, settings: FetchSettings) {
    super(settings, handlers.heartbeat)
    this.handlers = handlers
  }

  get bufferedAmount(): number {
    return this.unsentBytes
  }

  get closed(): Promise<void> {
    return this.over
  }

  send(data: string | Uint8Array | RingResponse, closeAfterSend = false): boolean {
    const message = messageOf(data)
    const isSent = message === undefined ? this.isOpen : this.sendMessage(message)
    if (closeAfterSend) this.close()
    return isSent
  }

  async drained(): Promise<void> {
    await this.hasDrained()
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
    return this.handlers.onClose?.(this, status, code, reason)
  }
}

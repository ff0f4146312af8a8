// Ring's WebSocket (ring.websocket.protocols) over one of the platform's.
import type { CloseStatus } from '../core/close.js'
import { asError } from '../io/as-error.js'
import type { WebSocketListener, WebSocketSocket } from '../ring/contract.js'
import { messageOf } from '../ring/message.js'
import type { FetchSettings } from './settings.js'
import { EdgeWebSocket } from './websocket.js'

export class RingSocket extends EdgeWebSocket implements WebSocketSocket {
  private readonly listener: WebSocketListener

  constructor(listener: WebSocketListener, settings: FetchSettings) {
    super(settings, undefined)
    this.listener = listener
  }

  send(message: string | Uint8Array, succeed?: () => void, fail?: (error: Error) => void): void {
    const isSent = this.sendMessage(messageOf(message)!)
    if (succeed !== undefined || fail !== undefined) void this.tell(isSent, succeed, fail)
  }

  private async tell(isSent: boolean, succeed?: () => void, fail?: (error: Error) => void): Promise<void> {
    const hasLeft = isSent && (await this.hasDrained())
    try {
      if (hasLeft) succeed?.()
      else fail?.(new Error('the WebSocket is closed'))
    } catch (error) {
      this.failed(error)
    }
  }

  ping(data?: Uint8Array): void {
    this.sendControl('ping', data)
  }

  pong(data?: Uint8Array): void {
    this.sendControl('pong', data)
  }

  protected opened(): unknown {
    return this.listener.onOpen?.(this)
  }

  protected received(message: string | Uint8Array): unknown {
    return this.listener.onMessage?.(this, message)
  }

  protected pinged(data: Uint8Array): unknown {
    return this.listener.onPing?.(this, data)
  }

  protected ponged(data: Uint8Array): unknown {
    return this.listener.onPong?.(this, data)
  }

  protected ended(_status: CloseStatus, code: number, reason: string): unknown {
    return this.listener.onClose?.(this, code, reason)
  }

  protected override failed(error: unknown): void {
    super.failed(error)
    try {
      this.listener.onError?.(this, asError(error))
    } catch (failure) {
      super.failed(failure)
    }
  }
}

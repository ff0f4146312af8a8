// Ring's WebSocket (ring.websocket.protocols): a listener is told, a socket is sent to.
import type { CloseStatus } from '../core/close.js'
import { PING, PONG } from '../core/frame-reader.js'
import { asError } from '../io/as-error.js'
import type { Outbox } from '../io/outbox.js'
import type { ByteSocket } from '../io/socket.js'
import type { WebSocketListener, WebSocketSocket } from '../ring/contract.js'
import { WebSocketConnection, type WebSocketHost, type WebSocketSettings } from './connection.js'
import type { Item } from './incoming.js'

const MAX_CONTROL = 125

export class RingSocket extends WebSocketConnection implements WebSocketSocket {
  private readonly listener: WebSocketListener

  constructor(
    listener: WebSocketListener,
    host: WebSocketHost,
    socket: ByteSocket,
    outbox: Outbox,
    settings: WebSocketSettings,
  ) {
    super(host, socket, outbox, settings)
    this.listener = listener
  }

  send(message: string | Uint8Array, succeed?: () => void, fail?: (error: Error) => void): void {
    if (typeof message !== 'string' && !(message instanceof Uint8Array)) {
      throw new TypeError('a WebSocket sends strings and Uint8Arrays')
    }
    const isSent = this.sendMessage(message)
    if (succeed !== undefined || fail !== undefined) void this.tell(isSent, succeed, fail)
  }

  private async tell(isSent: boolean, succeed?: () => void, fail?: (error: Error) => void): Promise<void> {
    const hasLeft = isSent && (await this.sending.drained())
    try {
      if (hasLeft) succeed?.()
      else fail?.(new Error('the WebSocket is closed'))
    } catch (error) {
      this.failed(error, 'sent')
    }
  }

  ping(data: Uint8Array = NO_BYTES): void {
    this.sendControl(PING, data)
  }

  pong(data: Uint8Array = NO_BYTES): void {
    this.sendControl(PONG, data)
  }

  private sendControl(opcode: number, data: Uint8Array): void {
    if (data.length > MAX_CONTROL) throw new RangeError(`a ping has at most ${MAX_CONTROL} bytes`)
    if (this.isOpen) this.sending.control(opcode, data)
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

  protected override failed(error: unknown, kind: Item['kind'] | 'sent'): void {
    super.failed(error, kind)
    try {
      this.listener.onError?.(this, asError(error))
    } catch (failure) {
      this.host.callbackFailed(failure, false)
    }
  }
}

const NO_BYTES = new Uint8Array(0)

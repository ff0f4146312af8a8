// The channel over HTTP: an answer that comes later, or bit by bit. Every request has one; it is also its exchange.
import type { CloseStatus } from '../core/close.js'
import { Moment } from '../io/moment.js'
import type { RequestChannel } from '../ring/as-channel.js'
import type { Channel, ChannelHandlers, RingRequest, RingResponse } from '../ring/contract.js'
import { isBody, pieceOf, TEXT_TYPE } from '../ring/message.js'
import type { WorkerPool } from '../ring/worker.js'
import { WebSocketChannel } from '../websocket/channel.js'
import { Exchange } from './exchange.js'
import { fail, respond } from './respond.js'
import { upgrade } from './upgrade.js'

export class HttpChannel extends Exchange implements RequestChannel {
  readonly websocket = false
  private handlers: ChannelHandlers | undefined = undefined
  /** Its request has been read to its end, and waits in a pool or runs there. */
  private isInPool = false
  /** A response map has been sent that closes, and its body may still be on its way. */
  private isHandedOver = false
  /** Where somebody waits for it. */
  private atClose: Moment | undefined = undefined

  get closed(): Promise<void> {
    if (this.closedAs !== undefined) return Promise.resolve()
    this.atClose ??= new Moment()
    return this.atClose.wait()
  }

  get bufferedAmount(): number {
    return this.outlet.outbox.unsentBytes
  }

  /**
   * True where somebody wants to know that the client leaves: who has asked to be told, or a pool in which the answer is made.
   * To half-close is a client's right, but one that leaves looks the same, and nearly all that end their side before the answer
   * are leaving. Two are not taken for that: who sends an upload that is still being passed on, for its end may be said so, and who
   * is being sent the answer, for the kernel will say if nobody takes it.
   */
  get isWatched(): boolean {
    return this.handlers !== undefined || (this.isInPool && !this.isAnswered)
  }

  /** Tells the handlers of the end, also where it has come already. */
  watch(handlers: ChannelHandlers): void {
    if (this.handlers === undefined) this.outlet.context.measure((metrics) => metrics.channelOpened())
    this.handlers = handlers
    if (this.closedAs !== undefined) this.onDone(this.closedAs)
  }

  upgrade(req: RingRequest, handlers: ChannelHandlers): Channel {
    return upgrade(req, this, handlers, (...link) => {
      const websocket = new WebSocketChannel(handlers, ...link)
      handlers.init?.(websocket)
      return websocket
    })
  }

  runsOn(pool: Pick<WorkerPool, 'stats'>, isRead: boolean): void {
    this.isInPool = isRead
    this.outlet.context.pools.add(pool)
  }

  hasWaited(ms: number): void {
    this.outlet.context.measure((metrics) => metrics.callWaited(ms))
  }

  send(data: string | Uint8Array | RingResponse, closeAfterSend = true): boolean {
    if (!this.isOpen || this.isHandedOver) return false
    if (this.isAnswered) return this.sendMore(isBody(data) ? data : pieceOf(data.body), closeAfterSend)
    const response = isBody(data) ? { headers: TEXT_TYPE, body: data } : data
    if (closeAfterSend) respond(this, response)
    else this.sendFirst(response)
    this.isHandedOver = closeAfterSend
    return true
  }

  private sendFirst({ status = 200, headers, body }: RingResponse): void {
    const piece = pieceOf(body)
    if (this.beginPieces(status, headers, -1) && piece !== undefined) this.sendMore(piece, false)
  }

  private sendMore(piece: string | Uint8Array | undefined, closeAfterSend: boolean): boolean {
    try {
      if (piece !== undefined) this.write(piece)
      if (this.isOverfull()) return false
      if (closeAfterSend) this.end()
      return true
    } catch (error) {
      fail(this, error)
      return false
    }
  }

  private isOverfull(): boolean {
    const { context, outbox } = this.outlet
    if (outbox.unsentBytes <= context.settings.maxBuffered) return false
    context.overflowed()
    this.outlet.destroy()
    return true
  }

  close(): boolean {
    if (!this.isOpen || this.isHandedOver) return false
    try {
      if (this.isAnswered) this.end()
      else this.answer(204, undefined, '')
    } catch (error) {
      fail(this, error)
    }
    return true
  }

  async drained(): Promise<void> {
    await this.outlet.outbox.drained()
  }

  protected override onDone(status: CloseStatus): void {
    const { handlers } = this
    this.atClose?.come()
    if (handlers === undefined) return
    this.handlers = undefined
    const { context } = this.outlet
    context.measure((metrics) => metrics.channelClosed())
    try {
      handlers.onClose?.(this, status, undefined, '')
    } catch (error) {
      context.callbackFailed(error, true)
    }
  }
}

// The channel of a request that somebody else's server has read: its answer is a Response, given as soon as its head is
// known, whose body may still be fed, or a WebSocket of the platform's.
import type { CloseStatus } from '../core/close.js'
import type { ProtocolError } from '../core/protocol-error.js'
import { isBodiless } from '../core/status.js'
import { asError } from '../io/as-error.js'
import { Moment } from '../io/moment.js'
import type { RequestChannel } from '../ring/as-channel.js'
import type { Channel, ChannelHandlers, RingRequest, RingResponse } from '../ring/contract.js'
import { discard } from '../ring/discard.js'
import { isBody, pieceOf, TEXT_TYPE } from '../ring/message.js'
import { Feed, type StreamOwner } from './piece-stream.js'
import type { Platform, UpgradeOptions } from './platform.js'
import type { PlatformSocketOwner } from './platform-socket.js'
import type { StreamBody } from './request-body.js'
import { respond } from './respond.js'
import { headOf } from './response-headers.js'
import type { FetchSettings } from './settings.js'
import { EdgeChannel } from './websocket-channel.js'

type Answer = Response | undefined

export class HttpChannel implements RequestChannel, StreamOwner {
  readonly websocket = false
  /** Comes with the head of the answer; undefined where the platform answers by itself. */
  readonly answer: Promise<Answer>
  /** Whose doing the end was, once it has come. */
  closedAs: CloseStatus | undefined = undefined
  /** The request's, where it has one. */
  body: StreamBody | undefined = undefined
  readonly settings: FetchSettings
  private readonly platform: Platform
  private readonly request: Request
  private readonly atClose = new Moment()
  private settle!: (answer: Answer | Promise<Answer>) => void
  private isWaiting = false
  /** A head has been given, or is being made. */
  isAnswered = false
  /** An answer that closes has been given, and its body may still be on its way. */
  private isHandedOver = false
  private feed: Feed | undefined = undefined
  private handlers: ChannelHandlers | undefined = undefined

  constructor(request: Request, platform: Platform, settings: FetchSettings) {
    this.request = request
    this.platform = platform
    this.settings = settings
    this.answer = new Promise<Answer>((resolve) => {
      this.settle = resolve
    })
  }

  get isOpen(): boolean {
    return this.closedAs === undefined
  }

  get bufferedAmount(): number {
    return this.feed?.bufferedAmount ?? 0
  }

  get closed(): Promise<void> {
    return this.atClose.wait()
  }

  watch(handlers: ChannelHandlers): void {
    this.handlers = handlers
    if (this.closedAs !== undefined) this.tell(this.closedAs)
  }

  // The client waits, and may go meanwhile. Once there is an answer its body is told; and Deno aborts after right answers, too.
  private wait(): void {
    const { signal } = this.request
    this.isWaiting = true
    signal?.addEventListener('abort', this.onAbort)
    if (signal?.aborted) this.onAbort()
  }

  private readonly onAbort = (): void => {
    this.give(new Response(null, { status: CLIENT_CLOSED }))
    this.onDone('client-close')
  }

  upgrade(req: RingRequest, handlers: ChannelHandlers): Channel {
    const channel = new EdgeChannel(handlers, this.settings)
    handlers.init?.(channel)
    this.switchTo(channel, req, handlers)
    return channel
  }

  /** Answers the handshake: from here on it is a WebSocket. */
  switchTo(socket: PlatformSocketOwner, req: RingRequest, options: UpgradeOptions): void {
    this.give(this.platform.upgrade(req, options, socket))
    this.platform.waitUntil(socket.over)
    this.onDone('server-close')
  }

  /** Answers with what the handler returned, which may be this channel, or the WebSocket it has become. */
  respond(response: RingResponse | null | undefined): void {
    if (this.isAnswered) return discard(response)
    if (response?.body === (this as unknown)) return this.wait()
    this.isHandedOver = true
    this.give(this.make(response))
  }

  private async make(response: RingResponse | null | undefined): Promise<Answer> {
    try {
      return await respond(response, this.isHead, this)
    } catch (error) {
      this.settings.log('a handler failed', error)
      return this.makeRefusal(500, error)
    }
  }

  private get isHead(): boolean {
    return this.request.method === 'HEAD'
  }

  /** The handler, or what it made, failed; what the client did wrong is answered as such. */
  fail(error: unknown): void {
    this.report(error)
    if (!this.isAnswered) this.give(this.makeRefusal(this.faultOf(error)?.status ?? 500, error))
    else if (this.feed) this.cut(error)
  }

  refuse(fault: ProtocolError): void {
    this.give(this.makeRefusal(fault.status!, fault))
  }

  // What the client did, or that it has gone, is nobody's failure.
  private report(error: unknown): void {
    if (this.closedAs === 'client-close' || this.faultOf(error)) return
    this.settings.log('a handler failed', error)
  }

  private faultOf(error: unknown): ProtocolError | undefined {
    const fault = this.body?.fault
    return error === fault ? fault : undefined
  }

  private async makeRefusal(status: number, cause: unknown): Promise<Answer> {
    const error = asError(cause)
    const own = { status, ...(status < 500 && { headers: PLAIN, body: `${error.message}\n` }) }
    const { errorResponse } = this.settings
    try {
      const made = errorResponse ? demandResponse(errorResponse(status, error)) : own
      return await respond({ ...made, status: made.status ?? status }, this.isHead, this)
    } catch (failure) {
      this.settings.log('errorResponse failed', failure)
      return respond(own, this.isHead, this)
    }
  }

  private give(answer: Answer | Promise<Answer>): void {
    this.isAnswered = true
    if (this.isWaiting) this.request.signal?.removeEventListener('abort', this.onAbort)
    this.settle(answer)
  }

  private cut(error: unknown): void {
    this.feed?.fail(error instanceof Error ? error : new Error('a handler failed'))
    this.onDone('server-close')
  }

  send(data: string | Uint8Array | RingResponse, closeAfterSend = true): boolean {
    if (!this.isOpen || this.isHandedOver) return false
    if (this.isAnswered) return this.sendMore(isBody(data) ? data : pieceOf(data.body), closeAfterSend)
    const response = isBody(data) ? { headers: TEXT_TYPE, body: data } : data
    if (closeAfterSend) this.respond(response)
    else this.sendFirst(response)
    return true
  }

  private sendFirst({ status = 200, headers, body }: RingResponse): void {
    const piece = pieceOf(body)
    const feed = new Feed(this)
    const hasBody = !this.isHead && !isBodiless(status)
    this.give(new Response(hasBody ? feed.stream : null, { status, headers: headOf(status, headers).fields }))
    this.feed = feed
    if (!hasBody) this.onDone('server-close')
    else if (piece !== undefined) this.sendMore(piece, false)
  }

  private sendMore(piece: string | Uint8Array | undefined, closeAfterSend: boolean): boolean {
    const feed = this.feed!
    if (piece !== undefined) feed.push(piece)
    if (feed.bufferedAmount > this.settings.maxBuffered) {
      this.cut(new Error('the client reads too slowly'))
      return false
    }
    if (closeAfterSend) this.close()
    return true
  }

  close(): boolean {
    if (!this.isOpen || this.isHandedOver) return false
    if (!this.isAnswered) this.respond({ status: 204 })
    this.feed?.end()
    this.onDone('server-close')
    return true
  }

  async drained(): Promise<void> {
    await this.feed?.drained()
  }

  onDone(status: CloseStatus): void {
    if (this.closedAs !== undefined) return
    this.closedAs = status
    this.atClose.come()
    this.tell(status)
  }

  onFailed(error: unknown): void {
    this.report(error)
    this.onDone('server-close')
  }

  private tell(status: CloseStatus): void {
    const { handlers } = this
    this.handlers = undefined
    try {
      handlers?.onClose?.(this, status, undefined, '')
    } catch (error) {
      this.settings.log('onClose failed', error)
    }
  }
}

/** For no one to read; nginx's. */
const CLIENT_CLOSED = 499
const PLAIN = { 'Content-Type': 'text/plain; charset=utf-8' }

function demandResponse(made: RingResponse): RingResponse {
  if (typeof made === 'object' && made !== null) return made
  throw new TypeError('errorResponse must return a response map')
}

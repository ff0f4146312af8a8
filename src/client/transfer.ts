// One request from its call to its answer: its hops, its connection, its time. Whatever goes wrong on the way ends up in
// `finish`, once; a stream that has been handed over fails instead.
import { expectListeners } from '#runtime'
import { type ResponseHeaderMap, readResponseFields } from '../core/fields.js'
import type { ResponseReader } from '../core/response-reader.js'
import { latin1 } from '../core/text.js'
import type { Timed } from '../io/timer-wheel.js'
import { verdict } from './body-filter.js'
import type { Connection, Exchange } from './connection.js'
import { type ErrorCode, errorOf, HttpKitError } from './error.js'
import { type Hop, hopOf, isRepeatable } from './hop.js'
import { type BodyOwner, type IncomingBody, receive } from './incoming-body.js'
import type { ClientResponse, RequestOptions } from './options.js'
import { discardBody } from './outgoing-body.js'
import type { Applicant, Pool } from './pool.js'
import { isRedirect, redirected } from './redirect.js'
import type { Route } from './route.js'
import { Sending } from './sending.js'
import { type Terms, termsOf } from './terms.js'

/** Milliseconds that a body waits for 100 Continue: a server may not know it (RFC 9110 §10.1.1). */
const CONTINUE_MS = 1000
/** Bytes of a redirect's body that are read past to keep the connection. */
const MAX_SKIPPED = 64 * 1024

const CONNECTING = 0
const EXCHANGING = 1
const DONE = 2

/** Who a transfer runs for. */
export interface TransferOwner {
  readonly pool: Pool
  onTransferDone(transfer: Transfer, error: HttpKitError | undefined): void
}

export class Transfer implements Exchange, Applicant, Timed, BodyOwner {
  dueAt = Number.POSITIVE_INFINITY
  filedAt = -1
  private readonly owner: TransferOwner
  private readonly settle: (response: ClientResponse) => void
  private options: RequestOptions
  private terms!: Terms
  private hop!: Hop
  private state = CONNECTING
  private connection: Connection | undefined = undefined
  private isReused = false
  private hasRetried = false
  private redirects = 0
  private deadlineAt = Number.POSITIVE_INFINITY
  /** When the body goes without having been asked for. */
  private continueAt = Number.POSITIVE_INFINITY
  private sending: Sending | undefined = undefined
  private hasOpenedBody = false
  private response: ClientResponse | undefined = undefined
  private body: IncomingBody | undefined = undefined
  private next: RequestOptions | undefined = undefined
  /** Bytes of a redirect's body that nobody wants, and how many of them the connection is worth. */
  private skipped = 0
  private maxSkipped = 0
  private hasSettled = false

  constructor(owner: TransferOwner, options: RequestOptions, settle: (response: ClientResponse) => void) {
    this.owner = owner
    this.options = options
    this.settle = settle
  }

  get route(): Route {
    return this.hop.route
  }

  /** After one that the server had closed already. */
  get wantsFresh(): boolean {
    return this.hasRetried
  }

  start(): void {
    try {
      this.terms = termsOf(this.options)
      const { signal, deadline } = this.terms
      if (signal?.aborted) {
        discardBody(this.options)
        return this.abort(signal)
      }
      if (signal) this.listen(signal)
      const now = performance.now()
      this.deadlineAt = now + deadline
      this.prepare()
      // What is listed of the options is the user's code, and may have ended it.
      if (this.isDone) this.hop.body?.discard()
      else this.connect(now)
    } catch (error) {
      this.fail(errorOf('ERR_INVALID_ARGUMENT', error))
    }
  }

  private get isDone(): boolean {
    return this.state === DONE
  }

  private listen(signal: AbortSignal): void {
    expectListeners(signal)
    signal.addEventListener('abort', this)
  }

  private prepare(): void {
    const { keepalive, autoCompression } = this.terms
    this.hop = hopOf(this.options, keepalive, autoCompression)
    this.hasOpenedBody = false
  }

  // Connecting

  private connect(now: number): void {
    this.state = CONNECTING
    const connection = this.owner.pool.take(this)
    if (connection !== undefined) return this.send(connection, true, now)
    if (this.state !== CONNECTING) return
    this.dueAt = Math.min(now + this.terms.connectTimeout, this.deadlineAt)
    this.owner.pool.wheel.file(this)
  }

  onConnection(connection: Connection, isReused: boolean): void {
    this.owner.pool.wheel.remove(this)
    this.send(connection, isReused, performance.now())
  }

  onNoConnection(error: HttpKitError): void {
    this.finish(error)
  }

  // Sending

  private send(connection: Connection, isReused: boolean, now: number): void {
    const { hop } = this
    this.state = EXCHANGING
    this.connection = connection
    this.isReused = isReused
    connection.keepalive = hop.closes ? 0 : this.terms.keepalive
    if (hop.expectsContinue) this.continueAt = now + CONTINUE_MS
    connection.begin(this, hop.method === 'HEAD', now)
    const { body } = hop
    const isWhole = body?.whole !== undefined && !hop.expectsContinue
    connection.send(hop.head, isWhole ? body.whole : undefined)
    if (body === undefined) return
    if (isWhole) this.tellSent(body.length!)
    else if (!hop.expectsContinue) this.sendBody()
  }

  private tellSent(bytes: number): void {
    try {
      this.terms.onUploadProgress?.(bytes, bytes)
    } catch (error) {
      this.fail(errorOf('ERR_INVALID_ARGUMENT', error, 'onUploadProgress failed'))
    }
  }

  private sendBody(): void {
    const { connection, hop } = this
    this.continueAt = Number.POSITIVE_INFINITY
    const sending = new Sending(hop.body!, hop.length, connection!.outbox, this.terms.onUploadProgress)
    this.sending = sending
    this.hasOpenedBody = true
    sending.run().then(
      () => this.onSent(sending),
      (error) => this.onSendingFailed(sending, error),
    )
  }

  private onSent(sending: Sending): void {
    if (this.sending !== sending) return
    this.sending = undefined
    this.connection?.restart(performance.now())
  }

  private onSendingFailed(sending: Sending, error: unknown): void {
    if (this.sending !== sending) return
    this.fail(errorOf('ERR_INVALID_ARGUMENT', error, 'the body cannot be sent'))
  }

  get isSent(): boolean {
    return (this.sending?.isComplete ?? true) && this.continueAt === Number.POSITIVE_INFINITY
  }

  onTurn(): void {
    this.connection?.restart(performance.now())
  }

  // Receiving

  onInterim(status: number): void {
    if (status === 100 && this.continueAt !== Number.POSITIVE_INFINITY) this.sendBody()
  }

  onHead(reader: ResponseReader): boolean {
    const { status } = reader
    const headers = readResponseFields(latin1(reader.headStart, reader.at))
    const { filter, followRedirects } = this.terms
    this.connection!.heed(headers['keep-alive'])
    if (followRedirects && isRedirect(status)) return this.redirect(status, headers, reader)
    if (filter?.accept && !verdict(filter.accept(status, headers))) {
      this.finish(new HttpKitError('ERR_BODY_REJECTED', `the filter rejects ${status}`, { status, headers }))
      return false
    }
    this.response = { status, headers, body: undefined, opts: this.options }
    this.body = receive(this, this.terms, headers, reader)
    if (this.body.isStream) this.resolve(this.response)
    return true
  }

  get wantsBytes(): boolean {
    return this.body === undefined || !this.body.isFull
  }

  onPiece(start: number, end: number): void {
    if (this.body !== undefined) return this.body.push(start, end)
    this.skipped += end - start
  }

  onReadEnd(): void {
    this.body?.keep()
    if (this.next === undefined || this.skipped <= this.maxSkipped) return
    const { connection } = this
    this.leaveConnection()
    connection!.destroy()
    this.follow()
  }

  onEnd(trailers: ResponseHeaderMap | undefined): void {
    this.leaveConnection()
    if (this.next !== undefined) return this.follow()
    if (trailers !== undefined && this.response) this.response.trailers = trailers
    this.body!.end()
    if (this.state === DONE) return
    this.dueAt = this.deadlineAt
    this.owner.pool.wheel.file(this)
  }

  // The connection is another's from here on, or nobody's.
  private leaveConnection(): void {
    if (this.sending) this.sending.stop()
    else if (!this.hasOpenedBody) this.hop?.body?.discard()
    this.sending = undefined
    this.continueAt = Number.POSITIVE_INFINITY
    this.connection = undefined
  }

  // The body

  onBodyRoom(): void {
    this.connection?.resume()
  }

  onBodyDone(): void {
    if (this.state === DONE) return
    this.done()
    if (!this.body!.isStream) this.resolve(this.response!)
  }

  onBodyFailed(error: HttpKitError): void {
    this.fail(error)
  }

  onBodyCancelled(): void {
    this.fail(new HttpKitError('ERR_ABORTED', 'the reader has stopped'))
  }

  // Redirects

  private redirect(status: number, headers: ResponseHeaderMap, reader: ResponseReader): boolean {
    try {
      if (++this.redirects > this.terms.maxRedirects)
        throw new HttpKitError('ERR_TOO_MANY_REDIRECTS', `too many redirects: ${this.redirects}`)
      this.next = redirected(this.options, this.hop, status, headers.location)
    } catch (error) {
      this.finish(errorOf('ERR_REDIRECT_LOCATION', error))
      return false
    }
    this.skipped = 0
    const isShort = !reader.endsWithConnection && (reader.length ?? 0) <= MAX_SKIPPED
    this.maxSkipped = isShort ? MAX_SKIPPED : -1
    return true
  }

  private follow(): void {
    if (this.state === DONE) return
    this.options = this.next!
    this.next = undefined
    this.hasRetried = false
    try {
      this.prepare()
      this.connect(performance.now())
    } catch (error) {
      this.fail(errorOf('ERR_REDIRECT_LOCATION', error))
    }
  }

  // Time

  dueFrom(now: number): number {
    if (!this.wantsBytes) return this.deadlineAt
    return Math.min(this.deadlineAt, now + this.terms.idleTimeout, this.continueAt)
  }

  /** @param isTaking the server has taken bytes since it was asked last */
  onDue(now: number, isTaking = false): void {
    if (now >= this.deadlineAt) return this.timeOut('ERR_DEADLINE', 'deadline', this.terms.deadline)
    if (this.state === CONNECTING)
      return this.timeOut('ERR_TIMEOUT_CONNECT', 'connectTimeout', this.terms.connectTimeout)
    if (now >= this.continueAt) {
      this.sendBody()
      return this.connection?.restart(now)
    }
    if (isTaking || !this.wantsBytes) return this.connection?.restart(now)
    this.timeOut('ERR_TIMEOUT_IDLE', 'idleTimeout', this.terms.idleTimeout)
  }

  private timeOut(code: ErrorCode, name: string, ms: number): void {
    this.fail(new HttpKitError(code, `${name}: ${ms} ms`))
  }

  // Ending

  /** Of the signal. @internal */
  handleEvent(): void {
    this.abort(this.terms.signal!)
  }

  private abort(signal: AbortSignal): void {
    this.fail(new HttpKitError('ERR_ABORTED', 'aborted', { cause: signal.reason }))
  }

  /** The connection has failed. */
  onFailed(error: HttpKitError, hasAnswer: boolean): void {
    this.leaveConnection()
    // Once: it is sent again on a fresh connection.
    const isStale = error.code === 'ERR_CONNECTION_CLOSED' && this.isReused && !hasAnswer
    if (!isStale || !isRepeatable(this.hop) || this.isDone) return this.finish(error)
    this.hasRetried = true
    this.connect(performance.now())
  }

  /** Ends it from this side: the connection goes, too. */
  fail(error: HttpKitError): void {
    if (this.state === DONE) return
    const { connection } = this
    this.leaveConnection()
    connection?.destroy()
    this.finish(error)
  }

  private finish(error: HttpKitError): void {
    if (this.state === DONE) return
    if (this.state === CONNECTING && this.hop !== undefined) this.owner.pool.leave(this)
    this.done(error)
    this.body?.fail(error)
    this.resolve({ error, opts: this.options })
  }

  private done(error?: HttpKitError): void {
    this.state = DONE
    this.leaveConnection()
    this.owner.pool.wheel.remove(this)
    this.terms?.signal?.removeEventListener('abort', this)
    this.owner.onTransferDone(this, error)
  }

  private resolve(response: ClientResponse): void {
    if (this.hasSettled) return
    this.hasSettled = true
    this.settle(response.error === undefined ? this.withBody(response) : response)
  }

  private withBody(response: ClientResponse): ClientResponse {
    try {
      response.body = this.body!.value()
      return response
    } catch (error) {
      return { error: errorOf('ERR_BODY_REJECTED', error), opts: this.options }
    }
  }
}

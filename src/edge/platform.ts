// Who runs us: what a platform hands to a fetch handler beside the request, and its own way to a WebSocket. Feature tests tell
// them apart, and one that has no WebSockets says so.
import type { ResponseHeaders } from '../core/response-head.js'
import type { RingRequest } from '../ring/contract.js'
import { chosenProtocol, furtherFields } from '../ring/handshake.js'
import { type BunServer, bunUpgrade } from './bun.js'
import { denoUpgrade, hasDeno } from './deno.js'
import type { PlatformSocketOwner } from './platform-socket.js'
import { headersOf } from './response-headers.js'
import { hasWorkerd, workerdUpgrade } from './workerd.js'

export interface UpgradeOptions {
  protocol?: string | readonly string[]
  headers?: ResponseHeaders
  heartbeat?: number
}

/** The platform's ways for one request. */
export class Platform {
  private readonly request: Request
  private readonly given: Partial<BunServer & DenoInfo> | undefined
  private readonly context: WorkerContext | undefined

  /**
   * @param given what it hands over beside the request: Bun its server, Deno what it knows, workerd its bindings
   * @param context what it hands over third: workers have it
   */
  constructor(request: Request, given: unknown, context: unknown) {
    this.request = request
    this.given = typeof given === 'object' && given !== null ? given : undefined
    this.context = (context as WorkerContext | null) ?? undefined
  }

  /** Has it go on until then: a worker whose client has gone would be told nothing more, not even that. */
  waitUntil(promise: Promise<unknown>): void {
    this.context?.waitUntil?.(promise)
  }

  /** The client's address, or ''. */
  get remoteAddr(): string {
    const { request, given } = this
    if (isBun(given)) return given.requestIP(request)?.address.replace(/^::ffff:(?=\d+\.)/, '') ?? ''
    return given?.remoteAddr?.hostname ?? cloudflareAddr(request)
  }

  /**
   * Answers a handshake that is right.
   *
   * @returns the answer; undefined where the platform has given it
   * @throws TypeError where it has no WebSockets
   */
  upgrade(req: RingRequest, options: UpgradeOptions, owner: PlatformSocketOwner): Response | undefined {
    const { fields } = headersOf(furtherFields(options.headers))
    const protocol = chosenProtocol(options.protocol, req)
    if (protocol !== undefined) fields.set('sec-websocket-protocol', protocol)
    if (isBun(this.given)) return bunUpgrade(this.given, this.request, fields, owner)
    if (hasWorkerd()) return workerdUpgrade(fields, owner)
    if (hasDeno()) return denoUpgrade(this.request, fields, options.heartbeat, owner)
    throw new TypeError(
      'no WebSockets for fetch handlers in this runtime: Bun, Deno and workerd have them, and runServer',
    )
  }
}

interface WorkerContext {
  waitUntil?(promise: Promise<unknown>): void
}

interface DenoInfo {
  remoteAddr: { hostname?: string }
}

function isBun(given: object | undefined): given is BunServer {
  return typeof (given as BunServer | undefined)?.upgrade === 'function' && 'requestIP' in given!
}

// Cloudflare's own, which no client can forge there; elsewhere it could.
function cloudflareAddr(request: Request): string {
  return 'cf' in request && request.cf ? (request.headers.get('cf-connecting-ip') ?? '') : ''
}

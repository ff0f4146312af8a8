// A server's life: listen, accept, and stop within a grace period.

import { createServer, type Server, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls'
import type { ProtocolError } from '../core/protocol-error.js'
import { MAX_DELAY_MS } from '../io/timer-wheel.js'
import type { Handler } from '../ring/contract.js'
import { newWorker, type WorkerPool } from '../ring/worker.js'
import { Connection } from './connection.js'
import { ServerContext } from './context.js'
import { MAX_CONNECTIONS } from './events.js'
import type { ServerOptions } from './options.js'
import { pooled } from './pooled.js'
import { type Proxied, readPreface } from './proxy-preface.js'
import { demandReusePort } from './reuse-port.js'
import { settingsOf } from './settings.js'

export interface ServerStats {
  /** Open connections. */
  connections: number
  /** Of them, WebSockets. */
  websockets: number
  /** Requests whose answer is not complete. */
  inFlight: number
  /** Of them, those that wait for a handler call to end. */
  queued: number
  /** Since the start: requests answered by the handler, */
  served: number
  /** refused by the server itself: malformed, over a limit, too slow, no room; connections over `maxConnections` too, */
  rejected: number
  /** and bytes of HTTP in and out. */
  bytesIn: number
  bytesOut: number
}

export interface HttpServer extends AsyncDisposable {
  /** The port listened on; 0 on a Unix domain socket. */
  readonly port: number
  readonly status: 'running' | 'stopping' | 'stopped'
  /**
   * Stops. Called again, it may only hasten what is under way.
   *
   * @param options.timeout milliseconds for the requests in flight to end; without it, all connections are cut at once
   */
  stop(options?: { timeout?: number }): Promise<void>
  /** Settles when the server has stopped. */
  join(): Promise<void>
  stats(): ServerStats
}

/** Milliseconds that idle connections are left open in a graceful stop, for a request that is on its way already. */
const IDLE_GRACE_MS = 300

/**
 * Starts a server; resolves once it listens, rejects with the socket's error where the address cannot be had, or a
 * RangeError or TypeError for an option out of its range.
 *
 * @param handler takes a request map, returns a response map
 * @param options.port 0 takes a free one (default 8090)
 */
export async function runServer(handler: Handler, options: ServerOptions = {}): Promise<HttpServer> {
  const settings = settingsOf(options)
  const worker = newWorker(options)
  const pool = options.workerPool ?? (options.thread === undefined ? undefined : worker)
  const run = pool ? pooled(handler, pool, options.metrics) : handler
  const server = new RunningServer(new ServerContext(settings, run), pool)
  await server.listen()
  return server
}

class RunningServer implements HttpServer {
  private readonly context: ServerContext
  private readonly listener: Server
  /** Sockets that are no connections yet: they owe a PROXY header or a handshake. */
  private readonly unestablished = new Set<Socket>()
  private readonly stopped: Promise<void>
  private hasStopped = false
  private cutAt = Number.POSITIVE_INFINITY
  private cutTimer: NodeJS.Timeout | undefined

  constructor(context: ServerContext, pool: WorkerPool | undefined) {
    this.context = context
    if (pool) context.pools.add(pool)
    this.listener = this.createListener()
    this.stopped = new Promise((resolve) => {
      this.listener.once('close', () => {
        if (context.connections.size === 0) resolve()
        else context.onEmpty = resolve
      })
    })
    void this.stopped.then(() => this.onStopped())
  }

  private createListener(): Server {
    const { tls, maxConnections, proxyProtocol } = this.context.settings
    const secure = tls && this.createSecureListener(tls)
    const isPrefaced = proxyProtocol !== 'disable'
    if (secure && !isPrefaced && maxConnections === Number.POSITIVE_INFINITY) return secure
    return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (!this.hasRoom) this.turnAway(socket)
      else if (isPrefaced) this.acceptPrefaced(socket, secure)
      else if (secure) shakeHands(secure, socket)
      else this.accept(socket)
    })
  }

  // Counted here, for in Deno 2.9.5 a listener that has a limit does not tell whom it has turned away.
  private get hasRoom(): boolean {
    const { connections, settings } = this.context
    return connections.size + this.unestablished.size < settings.maxConnections
  }

  private turnAway(socket: Socket): void {
    this.context.rejected++
    this.context.measure((metrics) => metrics.connectionRefused())
    this.context.event(MAX_CONNECTIONS)
    socket.destroy()
  }

  // While the handshake lasts, a peer that ends its side has gone; after it, half-closing is its right.
  private createSecureListener(tls: NonNullable<ServerContext['settings']['tls']>): TlsServer {
    const { headersTimeout } = this.context.settings
    const handshakeTimeout = Math.min(headersTimeout, MAX_DELAY_MS)
    const options = {
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout,
      ...tls,
      allowHalfOpen: false,
      noDelay: true,
    }
    const secure = createTlsServer(options, (socket) => {
      const parent = parentOf(socket)
      this.unestablished.delete(parent)
      socket.allowHalfOpen = true
      this.accept(socket, proxiedBefore.get(parent))
    })
    secure.on('connection', (socket: Socket) => this.await(socket))
    secure.on('tlsClientError', (_error, socket) => socket.destroy())
    return secure
  }

  private await(socket: Socket): void {
    if (this.unestablished.has(socket)) return
    this.unestablished.add(socket)
    socket.once('close', () => this.unestablished.delete(socket))
  }

  private accept(socket: Socket, proxied?: Proxied): Connection {
    return new Connection(this.context, socket, proxied)
  }

  private acceptPrefaced(socket: Socket, secure: TlsServer | undefined): void {
    const { proxyProtocol, headersTimeout } = this.context.settings
    this.await(socket)
    readPreface(socket, proxyProtocol === 'enable', headersTimeout, (error, proxied, rest) => {
      if (secure && !error) {
        proxiedBefore.set(socket, proxied)
        if (rest.length > 0) socket.unshift(rest)
        return shakeHands(secure, socket)
      }
      if (secure) return void socket.destroy()
      this.unestablished.delete(socket)
      const connection = this.accept(socket, proxied)
      if (error) connection.refuse(error as ProtocolError)
      else if (rest.length > 0) connection.begin(rest)
    })
  }

  async listen(): Promise<void> {
    const { ip, port, path, reusePort } = this.context.settings
    if (reusePort) await demandReusePort()
    return new Promise((resolve, reject) => {
      this.listener.once('error', reject)
      this.listener.listen(
        path === undefined ? { host: ip, port, reusePort, backlog: 4096 } : { path, backlog: 4096 },
        () => {
          this.listener.off('error', reject).on('error', (error) => this.context.acceptFailed(error))
          const address = this.listener.address()
          if (typeof address === 'object' && address) this.context.port = address.port
          this.context.measure((metrics) => metrics.serverStarted(this))
          resolve()
        },
      )
    })
  }

  get port(): number {
    return this.context.port
  }

  get status(): 'running' | 'stopping' | 'stopped' {
    if (this.hasStopped) return 'stopped'
    return this.context.isStopping ? 'stopping' : 'running'
  }

  stop({ timeout = 0 }: { timeout?: number } = {}): Promise<void> {
    const { context } = this
    if (!context.isStopping) {
      context.isStopping = true
      this.listener.close()
    }
    if (timeout > 0) this.stopGracefully(timeout)
    else this.cut()
    return this.stopped
  }

  join(): Promise<void> {
    return this.stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // Requests in flight end; a connection's next request is answered with a close; what is idle after that is closed.
  private stopGracefully(timeoutMs: number): void {
    const { context } = this
    const cutAt = performance.now() + Math.min(timeoutMs, MAX_DELAY_MS)
    if (cutAt >= this.cutAt) return
    this.cutAt = cutAt
    clearTimeout(this.cutTimer)
    this.cutTimer = setTimeout(() => this.cut(), Math.min(timeoutMs, MAX_DELAY_MS))
    const closeIdle = (): void => {
      if (context.inFlight > 0) return
      for (const connection of context.connections) connection.closeIfIdle()
      for (const socket of this.unestablished) socket.destroy()
    }
    for (const connection of context.connections) connection.goAway()
    const endGrace = (): void => {
      context.onQuiet = closeIdle
      closeIdle()
    }
    // A late timer comes before what has arrived by then is read.
    setTimeout(() => setImmediate(endGrace), Math.min(IDLE_GRACE_MS, timeoutMs))
  }

  private cut(): void {
    for (const connection of this.context.connections) connection.destroy()
    for (const socket of this.unestablished) socket.destroy()
  }

  private onStopped(): void {
    this.hasStopped = true
    this.context.measure((metrics) => metrics.serverStopped(this))
    clearTimeout(this.cutTimer)
    this.context.wheel.stop()
  }

  private get queued(): number {
    let queued = 0
    for (const pool of this.context.pools) queued += pool.stats().queued
    return queued
  }

  get pools(): ReadonlySet<Pick<WorkerPool, 'stats'>> {
    return this.context.pools
  }

  stats(): ServerStats {
    const { connections, inFlight, served, rejected, bytesIn, bytesOut } = this.context
    return {
      connections: connections.size,
      websockets: this.context.websockets,
      inFlight,
      queued: this.queued,
      served,
      rejected,
      bytesIn,
      bytesOut,
    }
  }
}

// What a PROXY header said before the TLS handshake, by the socket below it.
const proxiedBefore = new WeakMap<Socket, Proxied>()

function shakeHands(secure: TlsServer, socket: Socket): void {
  socket.allowHalfOpen = false
  secure.emit('connection', socket)
}

function parentOf(socket: TLSSocket): Socket {
  return (socket as unknown as { _parent?: Socket })._parent ?? socket
}

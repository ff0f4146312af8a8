// A client's connections: those that idle, by the route they are on, the newest first; and those who wait for one, first come
// first served.
import type { ByteSocket } from '../io/socket.js'
import { TimerWheel } from '../io/timer-wheel.js'
import { Connection, type ConnectionKeeper } from './connection.js'
import { dial, type Network } from './dial.js'
import { errorOf, HttpKitError } from './error.js'
import type { Route } from './route.js'

/** Who waits for a connection. */
export interface Applicant {
  readonly route: Route
  /** No idle one will do. */
  readonly wantsFresh: boolean
  onConnection(connection: Connection, isReused: boolean): void
  onNoConnection(error: HttpKitError): void
}

export interface PoolLimits {
  /** Connections that are open or being opened. */
  readonly maxConnections: number
  /** Requests that may wait for one. */
  readonly maxQueue: number
}

/** How late a timeout may come, in milliseconds. */
const TICK_MS = 4

export class Pool implements ConnectionKeeper {
  readonly wheel = new TimerWheel(TICK_MS)
  private readonly network: Network
  private readonly limits: PoolLimits
  private readonly idle = new Map<string, Connection[]>()
  private readonly connections = new Set<Connection>()
  /** Sockets on their way, by who waits for them. */
  private readonly dialling = new Map<Applicant, ByteSocket | undefined>()
  private readonly queue = new Set<Applicant>()
  private isClosed = false

  constructor(network: Network, limits: PoolLimits) {
    this.network = network
    this.limits = limits
  }

  get connectionCount(): number {
    return this.connections.size + this.dialling.size
  }

  get idleCount(): number {
    let count = 0
    for (const stack of this.idle.values()) count += stack.length
    return count
  }

  get queueLength(): number {
    return this.queue.size
  }

  /** An idle connection, if there is one; else `onConnection` is called when there is. */
  take(applicant: Applicant): Connection | undefined {
    if (!applicant.wantsFresh && this.queue.size === 0) {
      const connection = this.takeIdle(applicant.route.key)
      if (connection) return connection
    }
    if (this.hasRoom()) this.dial(applicant)
    else if (this.queue.size < this.limits.maxQueue) this.queue.add(applicant)
    else
      applicant.onNoConnection(new HttpKitError('ERR_QUEUE_FULL', 'too many requests wait for a connection'))
    return undefined
  }

  private takeIdle(key: string): Connection | undefined {
    const stack = this.idle.get(key)
    while (stack !== undefined && stack.length > 0) {
      const connection = stack.pop()!
      if (connection.isUsable) return connection
    }
    return undefined
  }

  // An idle connection to elsewhere makes room.
  private hasRoom(): boolean {
    if (this.connectionCount < this.limits.maxConnections) return true
    const idle = this.oldestIdle()
    if (idle === undefined) return false
    idle.destroy()
    return this.connectionCount < this.limits.maxConnections
  }

  private oldestIdle(): Connection | undefined {
    for (const stack of this.idle.values()) if (stack.length > 0) return stack[0]
    return undefined
  }

  private dial(applicant: Applicant): void {
    this.dialling.set(applicant, undefined)
    const { route } = applicant
    const onSocket = (socket: ByteSocket): void => {
      if (this.dialling.has(applicant)) this.dialling.set(applicant, socket)
      else socket.destroy()
    }
    dial(route, this.network, onSocket).then(
      (socket) => this.dialled(applicant, route, socket),
      (error) => this.dialFailed(applicant, error),
    )
  }

  private dialled(applicant: Applicant, route: Route, socket: ByteSocket): void {
    if (!this.dialling.delete(applicant)) {
      socket.destroy()
      return
    }
    const connection = new Connection(route.key, socket, this)
    this.connections.add(connection)
    applicant.onConnection(connection, false)
  }

  // Who does not wait any more has left room already.
  private dialFailed(applicant: Applicant, error: unknown): void {
    if (!this.dialling.delete(applicant)) return
    this.onRoom()
    applicant.onNoConnection(errorOf('ERR_CONNECT', error))
  }

  /** The applicant waits no more. */
  leave(applicant: Applicant): void {
    if (this.queue.delete(applicant) || !this.dialling.has(applicant)) return
    this.dialling.get(applicant)?.destroy()
    this.dialling.delete(applicant)
    this.onRoom()
  }

  onIdle(connection: Connection): void {
    if (this.isClosed) return connection.destroy()
    const [first] = this.queue
    if (first === undefined) return this.keep(connection)
    if (first.route.key === connection.key && !first.wantsFresh) {
      this.queue.delete(first)
      first.onConnection(connection, true)
    } else {
      connection.destroy()
    }
  }

  private keep(connection: Connection): void {
    const stack = this.idle.get(connection.key)
    if (stack) stack.push(connection)
    else this.idle.set(connection.key, [connection])
  }

  onGone(connection: Connection): void {
    if (!this.connections.delete(connection)) return
    const stack = this.idle.get(connection.key)
    const at = stack?.indexOf(connection) ?? -1
    if (at !== -1) stack!.splice(at, 1)
    if (stack?.length === 0) this.idle.delete(connection.key)
  }

  onRoom(): void {
    while (!this.isClosed && this.queue.size > 0 && this.connectionCount < this.limits.maxConnections) {
      const [first] = this.queue
      this.queue.delete(first!)
      this.dial(first!)
    }
  }

  /** Opens nothing any more, and ends what idles. Settles when all sockets are closed, which their users have to see to. */
  async close(): Promise<void> {
    this.isClosed = true
    const sockets = [...this.dialling.values(), ...Array.from(this.connections, ({ socket }) => socket)]
    const closed = sockets.map(
      (socket) => socket && !socket.closed && new Promise<void>((resolve) => socket.once('close', resolve)),
    )
    for (const connection of [...this.idle.values()].flat()) connection.destroy()
    await Promise.all(closed)
  }
}

// What a server tells whoever counts for it: httpkit-wasm/metrics, or any object of this shape. It is called as things end, so
// that what is in flight costs nothing, and asked for nothing: what a server counts itself is read from `stats()`.
import type { WorkerPool } from './worker.js'

/** Whoever counts for a server. What is thrown here is logged, or goes unheard: it takes nothing with it. */
export interface ServerMetrics {
  /** A server listens; from now on its `stats()` may be read. */
  serverStarted(server: CountedServer): void
  /** It has stopped, and its numbers are final. */
  serverStopped(server: CountedServer): void
  /**
   * A request is over. Called once for each.
   *
   * @param status of its answer; 0 where none had begun
   * @param isRefusal true where the server answered by itself: refusals, a full queue, a handler that failed
   * @param isWhole false where the answer broke off, or the client left before it
   * @param startedAt milliseconds on performance.now's clock, when its head was read
   */
  requestEnded(status: number, isRefusal: boolean, isWhole: boolean, startedAt: number): void
  /** A handler call begins, which has waited so many milliseconds for the worker pool: 0 for one that began at once. */
  callWaited(ms: number): void
  /** An HTTP answer was taken with `asChannel`. */
  channelOpened(): void
  /** One of these is over. */
  channelClosed(): void
  /** A connection over `maxConnections` was turned away. */
  connectionRefused(): void
}

/** Of a server, what is read when its numbers are asked for. */
export interface CountedServer {
  /** Where its requests may wait: two servers may have one in common. */
  readonly pools?: Iterable<Pick<WorkerPool, 'stats'>>
  /** Of `ServerStats`. */
  stats(): {
    connections: number
    websockets: number
    inFlight: number
    bytesIn: number
    bytesOut: number
  }
}

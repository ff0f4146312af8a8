// A Ring handler that runs a module's on worker threads: the event loop reads and writes, threads compute.
import { isAbsolute } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Moment } from '../io/moment.js'
import { MAX_DELAY_MS } from '../io/timer-wheel.js'
import type { RequestChannel } from '../ring/as-channel.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import { newWorker, type WorkerPool } from '../ring/worker.js'
import { errorOf } from './error-data.js'
import { settingsOf, type ThreadsOptions, type ThreadsSettings } from './options.js'
import { CLOSED, Pool } from './pool.js'
import { dataOf, isStreamed, readIfSmall } from './request.js'
import { responseOf } from './response.js'
import type { Reply } from './task.js'

export interface ThreadsStats {
  /** Threads that there are. */
  threads: number
  /** Handler calls under way. */
  running: number
  /** Requests that wait for a thread. */
  queued: number
  /** Response bodies that threads are making, their handlers having returned. */
  streaming: number
  /** Handler calls that have ended since the start, in whichever way. */
  completed: number
}

export interface ThreadedHandler extends AsyncDisposable {
  (req: RingRequest): Promise<RingResponse>
  /** Settles when all threads have loaded the module; rejects, as every request does, where they cannot. */
  readonly ready: Promise<void>
  stats(): ThreadsStats
  /**
   * Takes no further requests, and ends the threads when those under way have been answered.
   *
   * @param options.timeout milliseconds for that (default 30 s); then they are cut
   */
  close(options?: { timeout?: number }): Promise<void>
}

/**
 * Makes a handler that hands requests to the default export of `module`, a Ring handler, on worker threads.
 *
 * A full queue rejects with QueueFullError, to which a server answers 503. Idle threads keep no process alive.
 *
 * @param module `new URL('./handler.js', import.meta.url)`
 * @throws RangeError for an option out of its range; Error where piscina is not installed
 */
export function threaded(module: URL | string, options: ThreadsOptions = {}): ThreadedHandler {
  const threads = new Threads(hrefOf(module), options, settingsOf(options))
  return Object.assign((req: RingRequest) => threads.handle(req), {
    ready: threads.ready,
    stats: () => threads.stats(),
    close: (closing?: { timeout?: number }) => threads.close(closing),
    [Symbol.asyncDispose]: () => threads.close(),
  })
}

function hrefOf(module: URL | string): string {
  const text = String(module)
  if (isAbsolute(text)) return pathToFileURL(text).href
  if (URL.canParse(text)) return text
  throw new TypeError(`not a module's URL, as new URL('./handler.js', import.meta.url) is: ${text}`)
}

class Threads {
  readonly ready: Promise<void>
  private readonly module: string
  private readonly pool: Pool
  private readonly queue: WorkerPool
  private completed = 0
  /** Requests whose bodies have not ended. */
  private underWay = 0
  /** Where somebody waits for the last of them. */
  private quiet: Moment | undefined

  constructor(module: string, options: ThreadsOptions, settings: ThreadsSettings) {
    const { threads, concurrency, queueSize } = settings
    this.module = module
    this.queue = newWorker({ thread: threads * concurrency, queueSize })
    this.pool = new Pool(options, settings)
    this.ready = this.load(threads)
    this.ready.catch(() => {})
  }

  private async load(threads: number): Promise<void> {
    const loading = Array.from({ length: threads }, () => this.pool.run({ module: this.module }))
    for (const { error } of await Promise.all(loading)) if (error) throw errorOf(error)
  }

  async handle(request: RingRequest): Promise<RingResponse> {
    if (this.quiet !== undefined) throw new Error(CLOSED)
    const channel = request.asyncChannel as RequestChannel | undefined
    this.underWay++
    let ended: Promise<void> | undefined
    try {
      const body = await readIfSmall(request)
      channel?.runsOn?.(this.queue, !isStreamed(body))
      const askedAt = performance.now()
      const reply = await this.queue.run(() => {
        channel?.hasWaited?.(performance.now() - askedAt)
        if (channel?.isOpen === false) throw new Error('the client has gone away')
        return this.run(request, body)
      }, channel?.closed)
      ended = this.pool.watch(reply)
      const response = responseOf(reply)
      // Whoever takes the response may drop its body, and never say so.
      if (reply.port) void channel?.closed.then(() => reply.port!.close())
      return response
    } finally {
      void Promise.resolve(ended).then(() => this.ended())
    }
  }

  private async run(request: RingRequest, body: Awaited<ReturnType<typeof readIfSmall>>): Promise<Reply> {
    try {
      const transfers: Parameters<Pool['run']>[1] = []
      const reply = await this.pool.run(
        { module: this.module, request: dataOf(request, body, transfers) },
        transfers,
      )
      if (reply.error) throw errorOf(reply.error)
      return reply
    } finally {
      this.completed++
    }
  }

  private ended(): void {
    this.underWay--
    if (this.underWay === 0) this.quiet?.come()
  }

  stats(): ThreadsStats {
    const { running, queued } = this.queue.stats()
    const { size: threads, bodiesUnderWay: streaming } = this.pool
    return { threads, running, queued, streaming, completed: this.completed }
  }

  async close({ timeout = 30_000 }: { timeout?: number } = {}): Promise<void> {
    this.quiet ??= new Moment()
    const ms = Math.min(timeout, MAX_DELAY_MS)
    if (this.underWay > 0) await Promise.race([this.quiet.wait(), delay(ms, undefined, { ref: false })])
    await this.pool.destroy()
  }
}

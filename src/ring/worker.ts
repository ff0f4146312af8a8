// Where handler calls run. JavaScript has one thread, so a worker bounds how many calls are under way at once, and how
// many may wait; what it returns for a call that starts at once is the call's own result, promise or not.
import { isThenable } from '../io/thenable.js'

/** What a pool is at. */
export interface WorkerStats {
  /** Calls under way. */
  running: number
  /** Calls that wait. */
  queued: number
}

/** Anything with these two can be a server's `workerPool`; the server never stops it. */
export interface WorkerPool {
  /**
   * Runs the task, now or later.
   *
   * @param gone where it settles while the task waits, nobody wants that any more: it is not run, and the call rejects
   * @throws an error whose code is ERR_QUEUE_FULL where it cannot, or rejects with it
   */
  run<T>(task: () => T | Promise<T>, gone?: Promise<unknown>): T | Promise<T>
  /** Read whenever somebody asks for a server's stats. */
  stats(): WorkerStats
}

/** How much a pool takes on. */
export interface WorkerOptions {
  /** Calls at once (default: unbounded). */
  thread?: number | undefined
  /** Calls that may wait (default 20480). */
  queueSize?: number | undefined
}

/** A pool had no room for a task. A server answers 503. */
export class QueueFullError extends Error {
  readonly code = 'ERR_QUEUE_FULL'

  constructor() {
    super('the queue of handler calls is full')
    this.name = 'QueueFullError'
  }
}

export function isQueueFull(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === 'ERR_QUEUE_FULL'
}

class Worker implements WorkerPool {
  private readonly thread: number
  private readonly queueSize: number
  private readonly waiting = new Set<() => void>()
  private running = 0

  constructor({ thread = Number.POSITIVE_INFINITY, queueSize = 20480 }: WorkerOptions) {
    this.thread = atLeast(1, 'thread', thread)
    this.queueSize = atLeast(0, 'queueSize', queueSize)
  }

  run<T>(task: () => T | Promise<T>, gone?: Promise<unknown>): T | Promise<T> {
    if (this.running < this.thread) return this.start(task)
    if (this.waiting.size >= this.queueSize) throw new QueueFullError()
    return this.wait(gone).then(() => this.start(task, true))
  }

  private wait(gone: Promise<unknown> | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.add(resolve)
      void gone?.then(() => {
        if (this.waiting.delete(resolve)) reject(new Error('the client has gone away'))
      })
    })
  }

  stats(): WorkerStats {
    return { running: this.running, queued: this.waiting.size }
  }

  // A task that waited takes over the place of the one that made room for it.
  private start<T>(task: () => T | Promise<T>, hasPlace = false): T | Promise<T> {
    if (!hasPlace) this.running++
    let result: T | Promise<T>
    try {
      result = task()
    } catch (error) {
      this.release()
      throw error
    }
    if (isThenable(result)) return Promise.resolve(result).finally(() => this.release())
    this.release()
    return result
  }

  private release(): void {
    for (const next of this.waiting) {
      this.waiting.delete(next)
      next()
      return
    }
    this.running--
  }
}

function atLeast(least: number, name: string, value: number): number {
  if (typeof value === 'number' && value >= least) return value
  throw new RangeError(`${name} must be a number from ${least} up, not ${String(value)}`)
}

/** Makes the pool that a server uses unless it is given one. */
export function newWorker(options: WorkerOptions = {}): WorkerPool {
  return new Worker(options)
}

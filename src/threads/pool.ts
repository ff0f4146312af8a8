// The threads, which are Piscina's. Requests wait in a queue of ours: Piscina ends the thread of a task that is called off while it runs,
// and its own limit does not count the first that waits. It is given no more than its threads take at once.
import { createRequire } from 'node:module'
import type { Transferable, Worker } from 'node:worker_threads'
import { quietly } from '../io/quietly.js'
import type { ThreadsOptions, ThreadsSettings } from './options.js'
import type { Reply, Task } from './task.js'

interface Piscina {
  run(task: Task, options: { transferList: Transferable[] }): Promise<Reply>
  destroy(): Promise<void>
  on(event: 'error' | 'workerDestroy', listener: (error: unknown) => void): void
  readonly threads: Worker[]
}

export const CLOSED = 'the threads have been closed'

interface Candidate {
  readonly id: number
  readonly currentUsage: number
}

export class Pool {
  private readonly piscina: Piscina
  private readonly concurrency: number
  /** Bodies under way, by thread. */
  private readonly bodies = new Map<number, number>()
  /** How to fail the tasks that have not been replied to. */
  private readonly unanswered = new Set<(error: unknown) => void>()
  private isDestroyed = false

  constructor(options: ThreadsOptions, { threads, concurrency, errorLogger }: ThreadsSettings) {
    const require = createRequire(import.meta.url)
    const { resourceLimits, env, workerData, execArgv } = options
    this.concurrency = concurrency
    this.piscina = new (loadPiscina(require))({
      filename: require.resolve('#thread'),
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: concurrency,
      // A thread that waits for its next task without its event loop would not send its streams.
      atomics: 'disabled',
      recordTiming: false,
      loadBalancer: (_task: unknown, workers: Candidate[]) => this.leastBusy(workers),
      ...(resourceLimits && { resourceLimits }),
      ...(env && { env }),
      ...(workerData !== undefined && { workerData }),
      ...(execArgv && { execArgv }),
    })
    this.piscina.on('error', (error) => {
      quietly(() => errorLogger('httpkit-wasm: a thread has ended', error))
      this.failIfNone(error)
    })
    // Of a thread that exits as it starts Piscina says no more than this; where it replaces one, it does so in the same turn.
    this.piscina.on('workerDestroy', () => {
      queueMicrotask(() => this.failIfNone(new Error('a thread has ended as it started')))
    })
  }

  // Where none can be started, Piscina would leave what it has waiting, and run it much later, for nobody.
  private failIfNone(error: unknown): void {
    if (this.size > 0 || this.isDestroyed || this.unanswered.size === 0) return
    for (const fail of this.unanswered) fail(error)
    void this.piscina.destroy()
  }

  /** Threads that there are. */
  get size(): number {
    return this.piscina.threads.length
  }

  get bodiesUnderWay(): number {
    return this.bodies.size === 0 ? 0 : [...this.bodies.values()].reduce((sum, count) => sum + count, 0)
  }

  /** Rejects once the threads have been told to end: Piscina would start others. */
  async run(task: Task, transferList: Transferable[] = []): Promise<Reply> {
    if (this.isDestroyed) throw new Error(CLOSED)
    return new Promise<Reply>((resolve, reject) => {
      this.unanswered.add(reject)
      this.piscina
        .run(task, { transferList })
        .then(resolve, reject)
        .finally(() => this.unanswered.delete(reject))
    })
  }

  /** Counts the body as its thread's, until it has ended. */
  watch({ port, threadId }: Reply): Promise<void> {
    if (port === undefined) return Promise.resolve()
    this.count(threadId!, 1)
    return new Promise((resolve) => {
      port.once('close', () => {
        this.count(threadId!, -1)
        resolve()
      })
    })
  }

  private count(threadId: number, change: number): void {
    const bodies = (this.bodies.get(threadId) ?? 0) + change
    if (bodies > 0) this.bodies.set(threadId, bodies)
    else this.bodies.delete(threadId)
  }

  // A thread without a call may still be making bodies.
  private leastBusy(workers: Candidate[]): Candidate | null {
    let least: Candidate | null = null
    for (const worker of workers) {
      if (worker.currentUsage >= this.concurrency) continue
      if (least === null || this.loadOf(worker) < this.loadOf(least)) least = worker
    }
    return least
  }

  private loadOf({ id, currentUsage }: Candidate): number {
    return currentUsage + (this.bodies.get(id) ?? 0)
  }

  /** Ends the threads, whatever they are doing. */
  destroy(): Promise<void> {
    this.isDestroyed = true
    return this.piscina.destroy()
  }
}

function loadPiscina(require: NodeJS.Require): new (options: object) => Piscina {
  try {
    return require('piscina').Piscina
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw cause
    throw new Error('httpkit-wasm/threads stands on piscina: npm install piscina', { cause })
  }
}

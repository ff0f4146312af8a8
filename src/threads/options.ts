// What its user says of the threads, and what stands for what was left out.
import { availableParallelism } from 'node:os'
import { between } from '../core/between.js'

/** Of each thread, in MiB; one that goes past them ends, and its requests with it. */
export interface ResourceLimits {
  maxOldGenerationSizeMb?: number
  maxYoungGenerationSizeMb?: number
  codeRangeSizeMb?: number
  stackSizeMb?: number
}

export interface ThreadsOptions {
  /** Threads (default: one less than there are cores for this process, at least 1). */
  threads?: number
  /** Handler calls at once on each of them (default 1); more are for handlers that wait: for a database, for an upload. */
  concurrency?: number
  /** Requests that may wait for a thread (default 20480); past it the server answers 503 with Retry-After. */
  queueSize?: number
  /** Of each thread, in MiB (default: Node's); one that goes past them ends, and its requests with it. */
  resourceLimits?: ResourceLimits
  /** The threads' `process.env` (default: a copy of this one). */
  env?: Record<string, string | undefined>
  /** `workerData` of node:worker_threads, as the threads see it: what can be cloned. */
  workerData?: unknown
  /** Node's own options for the threads (default: those of the process). */
  execArgv?: string[]
  /** Told of a thread that failed outside of any request (default: to stderr). */
  errorLogger?: (message: string, error?: unknown) => void
}

export interface ThreadsSettings {
  readonly threads: number
  readonly concurrency: number
  readonly queueSize: number
  readonly errorLogger: (message: string, error?: unknown) => void
}

/** @throws RangeError for an option out of its range */
export function settingsOf(options: ThreadsOptions): ThreadsSettings {
  const spare = Math.max(1, availableParallelism() - 1)
  return {
    threads: Math.trunc(between(options.threads, 'threads', 1, 1024, spare)),
    concurrency: Math.trunc(between(options.concurrency, 'concurrency', 1, 65536, 1)),
    queueSize: between(options.queueSize, 'queueSize', 0, Number.POSITIVE_INFINITY, 20480),
    errorLogger: options.errorLogger ?? ((message, error) => console.error(message, error)),
  }
}

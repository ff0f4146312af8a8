// httpkit-wasm/threads: handlers that compute, on worker threads.
export type { ResourceLimits, ThreadsOptions } from './threads/options.js'
export { type ThreadedHandler, type ThreadsStats, threaded } from './threads/threaded.js'

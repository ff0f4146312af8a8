// httpkit-wasm/threads: handlers that compute, on worker threads.
export { threaded } from './threads/threaded.js'

// httpkit-wasm/hub: topics over channels of every kind, in one process or, through Redis, in many.
export { createHub } from './hub/create-hub.js'

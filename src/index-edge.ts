// httpkit-wasm where there are no sockets to listen on: the client, and what handlers import.
export * from './client.js'
export * from './server-edge.js'

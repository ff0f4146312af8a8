// httpkit-wasm: server and client under one roof.
export * from './client.js'
export * from './server.js'

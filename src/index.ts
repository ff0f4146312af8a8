// httpkit-wasm: server and client under one roof.
export * from './server.js'

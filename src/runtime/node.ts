// What runtimes have differently, in Node, Bun and Deno. The twins of this file are workerd.ts and web.ts; package.json's
// imports choose between them.
export * from './node-context.js'
export * from './node-files.js'
export * from './node-sockets.js'
export * from './node-zlib.js'

// What runtimes have differently, where there is nothing but what the Web has: browsers, edge functions.
export * from './no-files.js'
export * from './no-sockets.js'
export * from './web-context.js'
export * from './web-zlib.js'

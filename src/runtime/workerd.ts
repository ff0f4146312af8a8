// What runtimes have differently, in workerd.
export * from './web-zlib.js'
export * from './workerd-context.js'
export * from './workerd-files.js'
export * from './workerd-sockets.js'

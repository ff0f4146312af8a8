// The app behind Bun.serve. Says its port.
import { fetch } from './app.js'

// The idle timeout of connections would end requests that wait.
const { port } = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  idleTimeout: 0,
  fetch,
  websocket: fetch.websocket,
})
console.log(`port ${port}`)

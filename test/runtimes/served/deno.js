// The app behind Deno.serve. Says its port.
import { fetch } from './app.js'

Deno.serve({ hostname: '127.0.0.1', port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, fetch)

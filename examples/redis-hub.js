// A hub for all processes that use the same Redis. The client connects when the hub says so, and again when it was cut off.

import { createHub, redisAdapter } from 'httpkit-wasm/hub'
import { createClient } from 'redis'

/** @param place as `redis://localhost:6379`, or the path of a Unix socket */
export function redisHub(place) {
  const client = createClient(place.startsWith('/') ? { socket: { path: place } } : { url: place })
  const hub = createHub({ adapter: redisAdapter(client) })
  let said // by the error before: each attempt to connect has one
  return hub
    .on('status', (status) => console.log(`Redis: ${status}`))
    .on('error', ({ message }) => {
      if (message !== said) console.error((said = message))
    })
}

// Redis, where the servers of the hub benchmark are several: the path of its socket is in the environment.

import { createClient } from 'redis'

export const isShared = process.env.REDIS_PATH !== undefined

/** A client, not yet connected. */
export function newClient() {
  const client = createClient({ socket: { path: process.env.REDIS_PATH } })
  return client.on('error', console.error)
}

/** So many clients, connected. */
export function connectedClients(count) {
  return Promise.all(Array.from({ length: count }, () => newClient().connect()))
}

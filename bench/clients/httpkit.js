// This library, built; calls as its README writes them.

import { makeClient } from 'httpkit-wasm/client'

export function open(url, connections) {
  const client = makeClient({ maxConnections: connections })
  return {
    async text() {
      const { status, body, error } = await client.get(url, { as: 'text' })
      if (error) throw error
      return { status, body }
    },
    async json() {
      const { status, body, error } = await client.get(url, { as: 'text' })
      if (error) throw error
      return { status, body: JSON.parse(body) }
    },
    async download(onPiece) {
      const { status, body, error } = await client.get(url, { as: 'stream' })
      if (error) throw error
      for await (const piece of body) onPiece(piece)
      return { status }
    },
  }
}

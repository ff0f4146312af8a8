// got, with an Agent that keeps its connections.

import { Agent } from 'node:http'
import got from 'got'

export function open(url, connections) {
  const http = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  const client = got.extend({ agent: { http } })
  return {
    async text() {
      const { statusCode, body } = await client(url)
      return { status: statusCode, body }
    },
    async json() {
      const { statusCode, body } = await client(url, { responseType: 'json' })
      return { status: statusCode, body }
    },
    async download(onPiece) {
      const stream = client.stream(url)
      for await (const piece of stream) onPiece(piece)
      return { status: stream.response.statusCode }
    },
  }
}

// axios on Node's own http, with an Agent that keeps its connections.

import { Agent } from 'node:http'
import axios from 'axios'

export function open(url, connections) {
  const httpAgent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  const client = axios.create({ httpAgent })
  return {
    async text() {
      const { status, data } = await client.get(url, { responseType: 'text' })
      return { status, body: data }
    },
    async json() {
      const { status, data } = await client.get(url)
      return { status, body: data }
    },
    async download(onPiece) {
      const { status, data } = await client.get(url, { responseType: 'stream' })
      for await (const piece of data) onPiece(piece)
      return { status }
    },
  }
}

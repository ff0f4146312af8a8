// undici.request with an Agent: given a URL, as its README shows it.

import { Agent, request } from 'undici'

export function open(url, connections) {
  const dispatcher = new Agent({ connections })
  return {
    async text() {
      const { statusCode, body } = await request(url, { dispatcher })
      return { status: statusCode, body: await body.text() }
    },
    async json() {
      const { statusCode, body } = await request(url, { dispatcher })
      return { status: statusCode, body: await body.json() }
    },
    async download(onPiece) {
      const { statusCode, body } = await request(url, { dispatcher })
      for await (const piece of body) onPiece(piece)
      return { status: statusCode }
    },
  }
}

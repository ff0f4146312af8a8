// node:http as one writes it by hand, with an Agent that keeps its connections; text collected from 'data' events.

import { Agent, get } from 'node:http'

export function open(url, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  const answer = () =>
    new Promise((resolve, reject) => {
      get(url, { agent }, resolve).on('error', reject)
    })
  const text = async () => {
    const response = await answer()
    return { status: response.statusCode, body: await textOf(response) }
  }
  return {
    text,
    async json() {
      const { status, body } = await text()
      return { status, body: JSON.parse(body) }
    },
    async download(onPiece) {
      const response = await answer()
      for await (const piece of response) onPiece(piece)
      return { status: response.statusCode }
    },
  }
}

function textOf(response) {
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (piece) => {
    text += piece
  })
  return new Promise((resolve, reject) => {
    response.on('end', () => resolve(text))
    response.on('error', reject)
  })
}

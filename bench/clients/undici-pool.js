// request() on a Pool for one origin, given a path: what undici's own benchmark measures, with no URL to take apart.

import { Pool } from 'undici'

export function open(url, connections) {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections })
  const request = () => pool.request({ method: 'GET', path: pathname })
  return {
    async text() {
      const { statusCode, body } = await request()
      return { status: statusCode, body: await body.text() }
    },
    async json() {
      const { statusCode, body } = await request()
      return { status: statusCode, body: await body.json() }
    },
    async download(onPiece) {
      const { statusCode, body } = await request()
      for await (const piece of body) onPiece(piece)
      return { status: statusCode }
    },
  }
}

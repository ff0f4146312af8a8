// undici's lowest layer: callbacks for head, pieces and end, no stream and no promise of its own.

import { Pool } from 'undici'

export function open(url, connections) {
  const { origin, pathname } = new URL(url)
  const pool = new Pool(origin, { connections })
  const exchange = (onPiece) =>
    new Promise((resolve, reject) =>
      pool.dispatch({ method: 'GET', path: pathname }, new Handler(onPiece, resolve, reject)),
    )
  const text = async () => {
    const pieces = []
    const status = await exchange((piece) => pieces.push(piece))
    return { status, body: (pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)).toString() }
  }
  return {
    text,
    async json() {
      const { status, body } = await text()
      return { status, body: JSON.parse(body) }
    },
    async download(onPiece) {
      return { status: await exchange(onPiece) }
    },
  }
}

class Handler {
  constructor(onPiece, resolve, reject) {
    this.onPiece = onPiece
    this.resolve = resolve
    this.reject = reject
    this.status = 0
  }
  onRequestStart() {}
  onResponseStart(_controller, status) {
    this.status = status
  }
  onResponseData(_controller, piece) {
    this.onPiece(piece)
  }
  onResponseEnd() {
    this.resolve(this.status)
  }
  onResponseError(_controller, error) {
    this.reject(error)
  }
}

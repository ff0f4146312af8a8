// Request in, response out, both streaming at once: the body is read piece by piece and never held, and progress
// goes back while it is still coming. The socket is read no faster than this loop runs.

import { createHash } from 'node:crypto'

export const title = 'Upload'
export const path = '/upload'
export const sentence = 'Reports size and SHA-256 of what you send, while you send it. Takes up to 4 GiB.'
export const curl = [
  'head -c 1000000000 /dev/zero | curl -sS -N -T - http://localhost:8090/upload',
  'curl -sS -N -T package.json http://localhost:8090/upload',
]

const plain = { 'Content-Type': 'text/plain; charset=utf-8' }
const interval = 250 // ms between two lines of progress

export function handler(req) {
  if (req.requestMethod !== 'put' && req.requestMethod !== 'post') {
    return { status: 405, headers: { ...plain, Allow: 'PUT, POST' }, body: 'PUT or POST a body here\n' }
  }
  return { headers: plain, body: report(req.body ?? []) }
}

async function* report(body) {
  const hash = createHash('sha256')
  let size = 0
  let nextLine = performance.now() + interval

  for await (const piece of body) {
    hash.update(piece)
    size += piece.byteLength
    if (performance.now() >= nextLine) {
      yield `${size} bytes so far\n`
      nextLine = performance.now() + interval
    }
  }
  yield `${size} bytes\nsha256 ${hash.digest('hex')}\n`
}

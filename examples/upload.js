// Request in, response out, both streaming at once: the body is read piece by piece and never held, and progress
// goes back while it is still coming. The socket is read no faster than this loop runs. What a form sends is read by
// upload/form.js, and the page with that form is here, too.

import { createHash } from 'node:crypto'
import { pages } from './pages.js'
import { isForm, page, pageHeaders, readForm } from './upload/form.js'

export const title = 'Upload'
export const path = '/upload'
export const sentence =
  'Reports size and SHA-256 of what you send, while you send it. Takes up to 4 GiB. The page there has a form, which the last line fills in.'
export const curl = [
  'head -c 1000000000 /dev/zero | curl -sS -N -T - http://localhost:8090/upload',
  'curl -sS -N -T package.json http://localhost:8090/upload',
  'curl -F note=hi -F files=@package.json http://localhost:8090/upload',
]

const files = {
  '/upload/page.css': 'upload/page.css',
  '/upload/page.js': 'upload/page.js',
  '/page.css': 'page.css',
}
export const paths = [path, ...Object.keys(files)]
const send = pages(files, pageHeaders)

const plain = { 'Content-Type': 'text/plain; charset=utf-8' }
const interval = 250 // ms between two lines of progress

export function handler(req) {
  if (req.uri in files) return send(req)
  switch (req.requestMethod) {
    case 'get':
    case 'head':
      return page()
    case 'put':
    case 'post':
      return isForm(req) ? readForm(req) : { headers: plain, body: report(req.body ?? []) }
    default:
      return {
        status: 405,
        headers: { ...plain, Allow: 'GET, HEAD, PUT, POST' },
        body: 'PUT or POST a body here\n',
      }
  }
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

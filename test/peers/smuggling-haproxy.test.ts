// Request smuggling through haproxy, which shares its connections to the server among clients: no payload costs an honest
// client its answer. As people set it up, and set to let as much through as it can.
import { join } from 'node:path'
import { haproxy, startHaproxy } from '../support/haproxy.js'
import { describeFront } from '../support/smuggling-front.js'

const sections = (folder: string, port: number): string => `
frontend usual
  bind unix@${folder}/usual.sock
  default_backend server
frontend lax
  bind unix@${folder}/lax.sock
  option accept-invalid-http-request
  default_backend server
backend server
  http-reuse always
  server server 127.0.0.1:${port}
`

describeFront('haproxy', haproxy === undefined, (folder, port) => {
  return startHaproxy(folder, sections(folder, port), join(folder, 'lax.sock'))
})

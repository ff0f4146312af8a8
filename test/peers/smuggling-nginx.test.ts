// Request smuggling through nginx, which keeps its connections to the server: no payload costs an honest client its answer.
// As people set it up, and set to let as much through as it can.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptedConnections } from '../support/accepted.js'
import { nginx, startNginx } from '../support/nginx.js'
import type { Program } from '../support/programs.js'
import { attack, attacks, Backend } from '../support/smuggling-front.js'

const missing = nginx === undefined

let folder = ''
let backend: Backend
let program: Program | undefined

const fields = `
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;`

const http = (port: number): string => `
upstream server { server 127.0.0.1:${port}; keepalive 4; }
map $http_upgrade $hop { default upgrade; '' ''; }
server {
  listen unix:${folder}/usual.sock;
  location / {
    ${fields}
    proxy_set_header Connection "";
    proxy_pass http://server;
  }
}
server {
  listen unix:${folder}/lax.sock;
  ignore_invalid_headers off;
  underscores_in_headers on;
  merge_slashes off;
  location / {
    ${fields}
    proxy_set_header Connection $hop;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Expect $http_expect;
    proxy_set_header TE $http_te;
    proxy_request_buffering off;
    proxy_buffering off;
    proxy_pass http://server;
  }
}`

beforeAll(async () => {
  if (missing) return
  folder = mkdtempSync(join(tmpdir(), 'httpkit-smuggling-'))
  backend = await Backend.start()
  program = await startNginx(folder, { http: http(backend.server.port) }, join(folder, 'lax.sock'))
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.exit
  await backend?.server.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const title = `behind nginx${missing ? ' (skipped: nginx is not installed)' : ''}`

describe.skipIf(missing)(title, () => {
  describe.each(['usual', 'lax'])('set up as %s', (setUp) => {
    it.each(attacks.map((family) => [family.family, family] as const))('%s', async (_name, family) => {
      const accepted = acceptedConnections()
      const served = backend.server.stats().served
      await attack(family, join(folder, `${setUp}.sock`), backend)
      // The connections are shared, or this would prove nothing.
      expect(accepted.count).toBeLessThan((backend.server.stats().served - served) / 2)
    })
  })

  it('sends the server some of what no honest client would', () => {
    expect(backend.seen.whole.some((line) => line.includes('/smuggled'))).toBe(true)
    expect(backend.server.stats().rejected).toBeGreaterThan(10)
  })
})

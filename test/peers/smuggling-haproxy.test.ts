// Request smuggling through haproxy, which shares its connections to the server among clients: no payload costs an honest
// client its answer. As people set it up, and set to let as much through as it can.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acceptedConnections } from '../support/accepted.js'
import { haproxy, startHaproxy } from '../support/haproxy.js'
import type { Program } from '../support/programs.js'
import { attack, attacks, Backend } from '../support/smuggling-front.js'

const missing = haproxy === undefined

let folder = ''
let backend: Backend
let program: Program | undefined

const sections = (port: number): string => `
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

beforeAll(async () => {
  if (missing) return
  folder = mkdtempSync(join(tmpdir(), 'httpkit-smuggling-'))
  backend = await Backend.start()
  program = await startHaproxy(folder, sections(backend.server.port), join(folder, 'lax.sock'))
})

afterAll(async () => {
  program?.child.kill('SIGTERM')
  await program?.exit
  await backend?.server.stop()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const title = `behind haproxy${missing ? ' (skipped: haproxy is not installed)' : ''}`

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

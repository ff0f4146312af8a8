// The entry as a user installs it who has neither prom-client nor OpenTelemetry: it loads, counts, and says what to install.

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'
import { run, temporaryFolder } from '../support/programs.js'

const program = `
import { createRequire } from 'node:module'
import { get, runServer } from 'httpkit-wasm'
import { createMetrics } from 'httpkit-wasm/metrics'

const said = {}
try {
  createMetrics({ otel: true })
} catch ({ message }) {
  said.otel = message
}
const required = createRequire(import.meta.url)('httpkit-wasm/metrics')
said.required = Object.keys(required)
const metrics = createMetrics()
const options = { ip: '127.0.0.1', port: 0, metrics, errorLogger: (_, { message }) => (said.error = message) }
const server = await runServer((req) => metrics.handler(req), options)
said.status = (await get('http://127.0.0.1:' + server.port)).status
said.refused = metrics.snapshot().refused['5xx']
await server.stop()
const names = []
const register = {
  contentType: 'text/plain',
  registerMetric: ({ name }) => names.push(name),
  metrics: async () => names.join(),
}
said.register = (await createMetrics({ register }).handler({ headers: {} })).body.includes('httpkit_requests_total')
console.log(JSON.stringify(said))
process.exit()
`

it('loads, also by require(), and says what to install when that is wanted', async () => {
  ensureBuilt()
  const folder = temporaryFolder()
  const installed = join(folder, 'node_modules/httpkit-wasm')
  mkdirSync(installed, { recursive: true })
  cpSync(join(root, 'package.json'), join(installed, 'package.json'))
  cpSync(join(root, 'build'), join(installed, 'build'), { recursive: true })
  symlinkSync(join(root, 'node_modules/@assemblyscript'), join(folder, 'node_modules/@assemblyscript'))
  writeFileSync(join(folder, 'program.mjs'), program)
  const { stdout, stderr } = await run(process.execPath, [join(folder, 'program.mjs')])
  expect(JSON.parse(stdout || stderr)).toEqual({
    otel: 'otel needs @opentelemetry/api: npm install @opentelemetry/api',
    required: ['createMetrics'],
    status: 500,
    error: 'a handler for Prometheus needs prom-client: npm install prom-client',
    refused: 1,
    register: true,
  })
})

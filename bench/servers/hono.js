// Hono on Node, by its own adapter, @hono/node-server.

import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { choose, helloText, keepAliveTimeoutMs, largeText, listening, port, scenario } from './answers.js'

const app = new Hono()

choose({
  hello: () => app.get(`/${scenario}`, (c) => c.text(helloText)),
  large: () => app.get('/large', (c) => c.text(largeText)),
  json: () => app.post('/json', async (c) => c.json(await c.req.json())),
})()

const serverOptions = { keepAliveTimeout: keepAliveTimeoutMs }
serve({ fetch: app.fetch, port, hostname: '127.0.0.1', serverOptions }, (address) => listening(address.port))

// node:http's client and its keep-alive agent against the server: many requests, and many connections.

import { Agent, type IncomingMessage, request } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RingResponse } from '../../src/server.js'
import { serve } from '../support/raw-peer.js'
import { deferred, until } from '../support/waiting.js'

function agentOf(options: ConstructorParameters<typeof Agent>[0]): Agent {
  const agent = new Agent(options)
  onTestFinished(() => agent.destroy())
  return agent
}

interface Answer {
  status: number
  text: string
  isReused: boolean
  message: IncomingMessage
}

function ask(port: number, agent: Agent, path: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, agent, path, method: body === undefined ? 'GET' : 'POST' }
    const sent = request(options, (message) => {
      let text = ''
      message.setEncoding('utf8')
      message.on('data', (piece: string) => {
        text += piece
      })
      message.on('error', reject)
      message.on('end', () =>
        resolve({ status: message.statusCode!, text, isReused: sent.reusedSocket, message }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('an agent with keepAlive', () => {
  it('sends 10,000 requests, one after another, over one connection', async () => {
    const server = await serve(({ uri }) => ({ body: uri }))
    const agent = agentOf({ keepAlive: true })
    let connections = 0
    for (let index = 0; index < 10_000; index++) {
      const { status, text, isReused } = await ask(server.port, agent, `/${index}`)
      if (status !== 200 || text !== `/${index}`) expect([status, text]).toEqual([200, `/${index}`])
      if (!isReused) connections++
    }
    expect(connections).toBe(1)
    expect(server.stats()).toMatchObject({ connections: 1, served: 10_000, rejected: 0, inFlight: 0 })
  }, 60_000)

  it('sends 10,000 requests, ten at a time, each with a body, over ten connections', async () => {
    const server = await serve(async (req) => ({ body: `${req.uri} ${await req.body!.text()}` }))
    const agent = agentOf({ keepAlive: true, maxSockets: 10 })
    let connections = 0
    await Promise.all(
      Array.from({ length: 10 }, async (_, lane) => {
        for (let index = 0; index < 1000; index++) {
          const { text, isReused } = await ask(server.port, agent, `/${lane}`, `body ${index}`)
          if (text !== `/${lane} body ${index}`) expect(text).toBe(`/${lane} body ${index}`)
          if (!isReused) connections++
        }
      }),
    )
    expect(connections).toBeLessThanOrEqual(10)
    expect(server.stats()).toMatchObject({ served: 10_000, rejected: 0 })
  }, 60_000)

  it('keeps its connection through answers of every kind', async () => {
    const server = await serve((req): RingResponse => {
      if (req.uri === '/throw') throw new Error('thrown')
      if (req.uri === '/pieces') return { body: ['a', 'b'] }
      if (req.uri === '/large') return { body: Buffer.alloc(1_000_000, 'x') }
      return { status: Number(req.uri.slice(1)) }
    })
    const agent = agentOf({ keepAlive: true, maxSockets: 1 })
    const paths = ['/200', '/204', '/304', '/pieces', '/throw', '/large', '/404', '/200']
    for (const [index, path] of paths.entries()) {
      const { status, text, isReused } = await ask(server.port, agent, path)
      expect(status).toBe({ '/throw': 500, '/pieces': 200, '/large': 200 }[path] ?? Number(path.slice(1)))
      expect(text.length).toBe({ '/pieces': 2, '/large': 1_000_000 }[path] ?? 0)
      expect(isReused).toBe(index > 0)
    }
  })

  it('opens a new connection where the answer said close', async () => {
    const server = await serve(() => ({ headers: { Connection: 'close' } }))
    const agent = agentOf({ keepAlive: true })
    for (let index = 0; index < 3; index++) {
      const { isReused, message } = await ask(server.port, agent, '/')
      expect([isReused, message.headers.connection]).toEqual([false, 'close'])
    }
  })
})

describe('500 connections at once', () => {
  it('are all held open and all answered', async () => {
    const open = deferred()
    const server = await serve(async (req) => {
      await open.promise
      return { body: req.uri }
    })
    const agent = agentOf({ keepAlive: true, maxSockets: 500 })
    const answers = Array.from({ length: 500 }, (_, index) => ask(server.port, agent, `/${index}`))
    await until(() => server.stats().inFlight === 500, 10_000)
    expect(server.stats()).toMatchObject({ connections: 500, served: 0 })
    open.resolve()
    const texts = (await Promise.all(answers)).map(({ text }) => text)
    expect(texts).toEqual(Array.from({ length: 500 }, (_, index) => `/${index}`))
    expect(server.stats()).toMatchObject({ served: 500, rejected: 0, inFlight: 0 })
    agent.destroy()
    await until(() => server.stats().connections === 0)
  })

  it('each send 20 requests in turn', async () => {
    const server = await serve(async (req) => ({ body: await req.body!.text() }))
    const agent = agentOf({ keepAlive: true, maxSockets: 500 })
    let connections = 0
    await Promise.all(
      Array.from({ length: 500 }, async (_, lane) => {
        for (let index = 0; index < 20; index++) {
          const { text, isReused } = await ask(server.port, agent, '/', `${lane} ${index}`)
          if (text !== `${lane} ${index}`) expect(text).toBe(`${lane} ${index}`)
          if (!isReused) connections++
        }
      }),
    )
    expect(connections).toBeLessThanOrEqual(500)
    expect(server.stats()).toMatchObject({ served: 10_000, rejected: 0 })
  }, 60_000)
})

// A few hundred sessions of each program that is fuzzed over sockets: that nothing is found, and that something is done.
import { expect, it } from 'vitest'
import { live as client } from './live/client.js'
import { live as server } from './live/server.js'
import { live as websocket } from './live/websocket.js'

const seed = 7
const LONG_MS = 120_000

it(
  'the server answers each client its own, refuses what is wrong, and leaves nothing behind',
  async () => {
    const told = await server.run({ seed, sessions: 240 })
    expect(told.sessions).toBe(240)
    expect(told.requests).toBeGreaterThan(150)
    expect(told.continued).toBeGreaterThan(2)
    expect(told.refused[400]).toBeGreaterThan(20)
    expect(Object.keys(told.refused).length).toBeGreaterThan(3)
    for (const kind of ['right', 'changed', 'violating', 'finish', 'half-close', 'reset', 'leave', 'hasty'])
      expect([kind, told.kinds[kind]]).toEqual([kind, expect.any(Number)])
    expect(told.oracleAnswers).toBeGreaterThan(20)
  },
  LONG_MS,
)

it(
  'the client gives each request its own answer or an error, whatever a server sends',
  async () => {
    const told = await client.run({ seed, sessions: 200 })
    expect(told.sessions).toBe(200)
    expect(told.answered).toBeGreaterThan(100)
    expect(told.requests).toBeGreaterThan(told.answered)
    for (const code of ['PROTOCOL', 'CONNECTION_CLOSED', 'TIMEOUT_IDLE', 'ABORTED'])
      expect([code, told.refused[`ERR_${code}`]]).toEqual([code, expect.any(Number)])
    for (const kind of ['right', 'changed', 'violating', 'surplus', 'short', 'nothing', 'abort', 'cancel'])
      expect([kind, told.kinds[kind]]).toEqual([kind, expect.any(Number)])
    expect(told.connections).toBeLessThan(told.requests)
    expect(told.oracleAnswers).toBeGreaterThan(20)
  },
  LONG_MS,
)

it(
  'WebSockets of both sides send back what they get, refuse what is wrong, and tell each its end once',
  async () => {
    const told = await websocket.run({ seed, sessions: 240 })
    expect(told.sessions).toBe(240)
    expect(told.messages).toBeGreaterThan(200)
    expect(told.pings).toBeGreaterThan(80)
    expect(told.broadcasts).toBeGreaterThan(10)
    for (const code of [1000, 1002, 1005, 1007])
      expect([code, told.refused[code]]).toEqual([code, expect.any(Number)])
    for (const kind of [
      'server',
      'client',
      'right',
      'changed',
      'violating',
      'handshake',
      'deflate',
      'slow',
      'hub',
    ])
      expect([kind, told.kinds[kind]]).toEqual([kind, expect.any(Number)])
    expect(told.oracleAnswers).toBeGreaterThan(20)
  },
  LONG_MS,
)

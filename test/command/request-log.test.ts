// What clients send comes out of the log as visible ASCII, one field each.
import { expect, it } from 'vitest'
import { logRequests } from '../../src/command/request-log.js'
import { ask, eventually, serve } from '../support/raw-peer.js'

it('escapes what could move a terminal’s cursor, or pass for another field', async () => {
  const lines: string[] = []
  const log = logRequests(
    () => ({}),
    (line) => lines.push(line),
  )
  const { port } = await serve(log.handler, {
    eventLogger: log.eventLogger,
    legacyUnsafeRemoteAddr: true,
  })
  // 9b begins an escape sequence, as ESC [ does.
  const forged = '\x9b31m\t1.2.3.4 GET /\\'
  await ask(port, `GET /"%1b\\?\\ HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${forged}\r\n\r\n`)
  await eventually(() => lines.length).toBe(1)
  expect(lines[0]!.replace(/^\S+ /, '').replace(/\d+ ms$/, 'ms')).toBe(
    '\\x9b31m\\x091.2.3.4\\x20GET\\x20/\\x5c GET /"%1b\\x5c?\\x5c 200 ms',
  )
})

it('names the time in front', async () => {
  const lines: string[] = []
  const { eventLogger } = logRequests(
    () => ({}),
    (line) => lines.push(line),
  )
  eventLogger('httpkit.server.status.400')
  eventLogger('httpkit.server.status.404')
  eventLogger('httpkit.server.status.processed.200')
  eventLogger('httpkit.server.accept.error')
  expect(lines.length).toBe(1)
  expect(Math.abs(Date.parse(lines[0]!.split(' ')[0]!) - Date.now())).toBeLessThan(60_000)
})

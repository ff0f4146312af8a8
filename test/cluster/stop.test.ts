// What a rolling restart asks of a server that stops: it gives idle connections their time, whatever else ends meanwhile.
import { expect, it } from 'vitest'
import type { RingResponse } from '../../src/server.js'
import { connectPeer, eventually, serve } from '../support/raw-peer.js'
import { deferred } from '../support/waiting.js'

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

it('answers a request on an idle connection also when the last one in flight has just ended', async () => {
  const slow = deferred<RingResponse>()
  const server = await serve(({ uri }) => (uri === '/slow' ? slow.promise : { body: uri }))
  const idle = await connectPeer(server.port)
  await idle.send(get('/before')).response()
  const busy = (await connectPeer(server.port)).send(get('/slow'))
  await eventually(() => server.stats().inFlight).toBe(1)
  const stopped = server.stop({ timeout: 5000 })
  slow.resolve({ body: 'slow' })
  expect((await busy.response()).text).toBe('slow')
  const answer = await idle.send(get('/after')).response()
  expect([answer.text, answer.header('connection')]).toEqual(['/after', 'close'])
  idle.destroy()
  busy.destroy()
  await stopped
})

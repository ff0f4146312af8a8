// Trailers (RFC 9110 §6.5): fields behind a chunked body, for whoever reads it whole.
import { expect, it } from 'vitest'
import { get } from '../../src/client.js'
import { record } from '../support/recording-server.js'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n'

async function answer(trailers: string, as: 'text' | 'byteArray' | 'stream' = 'text') {
  const server = await record(() => ({ raw: `${HEAD}2\r\nok\r\n0\r\n${trailers}\r\n` }))
  return get(server.url, { as })
}

it('are a map by lower-case names, a repeated one an array', async () => {
  const { trailers, headers, body } = await answer('X-Sum: 1\r\nx-two: a\r\nX-Two: b\r\n')
  expect(body).toBe('ok')
  expect({ ...trailers }).toEqual({ 'x-sum': '1', 'x-two': ['a', 'b'] })
  expect(headers).not.toHaveProperty('x-sum')
})

it('inherit nothing', async () => {
  const { trailers } = await answer('X-Sum: 1\r\n')
  for (const name of ['toString', 'constructor', '__proto__']) expect(name in trailers!).toBe(false)
})

it('are not there where there are none', async () => {
  expect(Object.keys(await answer(''))).not.toContain('trailers')
})

it('do not replace what the head says', async () => {
  const { headers } = await answer('Content-Type: image/png\r\nContent-Length: 5\r\n')
  if (headers) expect(headers).toMatchObject({ 'content-type': 'text/plain' })
})

it('do not keep a stream from its end', async () => {
  const { body } = await answer('X-Sum: 1\r\n', 'stream')
  expect(await new Response(body as ReadableStream).text()).toBe('ok')
})

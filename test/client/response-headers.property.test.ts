// Whatever fields a server sends, they are the response's headers.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { get } from '../../src/client.js'
import { record } from '../support/recording-server.js'

const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
const framing = [
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'content-encoding',
  'content-type',
  'trailer',
]
const name = fc
  .string({ unit: fc.constantFrom(...token), minLength: 1, maxLength: 15 })
  .filter((one) => !framing.includes(one.toLowerCase()))
const byte = fc
  .integer({ min: 0x20, max: 0xff })
  .filter((code) => code !== 0x7f)
  .map((code) => String.fromCharCode(code))
const value = fc.string({ unit: byte, maxLength: 30 }).map((text) => text.replace(/^ +| +$/g, ''))

it('arrive by their lower-case names, repeated ones as arrays in their order (property)', async () => {
  let fields: [string, string][] = []
  const server = await record(() => ({
    raw: `HTTP/1.1 200 OK\r\n${fields.map(([one, text]) => `${one}: ${text}\r\n`).join('')}Content-Length: 2\r\n\r\nok`,
  }))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 30 }), async (sent) => {
      fields = sent
      const { error, headers, body } = await get(server.url, { as: 'text' })
      expect(error).toBeUndefined()
      expect(body).toBe('ok')
      const wanted = new Map<string, string[]>([['content-length', ['2']]])
      for (const [one, text] of sent) {
        const lower = one.toLowerCase()
        wanted.set(lower, [...(wanted.get(lower) ?? []), text])
      }
      const came = Object.entries(headers!).map(([one, values]) => [one, [values].flat()] as const)
      expect(new Map(came as [string, string[]][])).toEqual(wanted)
    }),
    { numRuns: 200 },
  )
  expect(server.accepted).toBe(1)
})

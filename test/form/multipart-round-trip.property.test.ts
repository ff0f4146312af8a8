// What encodeMultipart writes comes back from decodeMultipart.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeMultipart } from '../../src/core.js'
import { bytesOf } from '../support/multipart-encoded.js'
import { check, data, made, partOf, readParts } from '../support/multipart-parts.js'
import { cutAnywhere, cuts } from '../support/random-frames.js'

describe('what encodeMultipart writes', () => {
  it('comes back from decodeMultipart, however it is cut', async () => {
    const property = fc.asyncProperty(fc.array(made, { maxLength: 5 }), cuts, async (list, positions) => {
      const { body, contentType, contentLength } = encodeMultipart(list.map(partOf))
      const bytes = await bytesOf(body)
      if (contentLength !== undefined) expect(bytes.length).toBe(contentLength)
      const parts = await readParts(cutAnywhere(bytes, positions), contentType)
      expect(parts.map(({ name, filename, data }) => [name, filename, data])).toEqual(
        list.map(({ name, filename, data }) => [name, filename, Buffer.from(data)]),
      )
      for (const [at, { contentType }] of list.entries()) {
        if (contentType !== undefined) expect(parts[at]!.contentType).toBe(contentType)
      }
    })
    await check(property, 1000)
  })

  it('comes back with any boundary that its data do not hold', async () => {
    const boundary = fc
      .string({ unit: fc.constantFrom(...Array.from("09azAZ'()+_,-./:=? ")), minLength: 1, maxLength: 70 })
      .filter((text) => !text.endsWith(' '))
    const property = fc.asyncProperty(boundary, data, async (text, bytes) => {
      fc.pre(!`\r\n${Buffer.from(bytes).toString('latin1')}`.includes(`\r\n--${text}`))
      const { body, contentType } = encodeMultipart([{ name: 'a', content: bytes }], { boundary: text })
      const parts = await readParts([await bytesOf(body)], contentType)
      expect(parts.map(({ data }) => data)).toEqual([Buffer.from(bytes)])
    })
    await check(property, 500)
  })
})

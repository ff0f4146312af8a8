// toFetch(fromFetch(app)) is app: whatever the request and whatever the response, nothing is lost on the way.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromFetch, toFetch } from '../../src/edge.js'
import { bakesCookies, requestOf, watchedStream } from '../support/behind-fetch.js'

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/).map((text) => `x-${text}`)
// What a platform's Headers have: a character for each byte, no white space around them.
const value = fc.oneof(
  fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).map(asBytes).filter(isFieldValue),
  fc.constant(''),
)
const headers = fc.array(fc.tuple(name, value), { maxLength: 5 })
const cookies = fc.array(fc.stringMatching(/^[a-z]=[a-z0-9]{0,5}(; Path=\/)?$/), { maxLength: 3 })
const pieces = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 })
const path = fc.webPath().map((text) => (text.startsWith('/') ? text : `/${text}`))
const query = fc.option(fc.webQueryParameters(), { nil: undefined })

function asBytes(text: string): string {
  return String.fromCharCode(...new TextEncoder().encode(text))
}

function isFieldValue(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no header may hold
  return !/[\0-\x08\x0a-\x1f\x7f]|^[\t ]|[\t ]$/.test(text)
}

function streamOf(all: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const filled = all.filter(({ length }) => length > 0)
  return watchedStream((index) => filled[index]?.slice()).stream
}

function joined(all: readonly Uint8Array[]): number[] {
  return all.flatMap((piece) => [...piece])
}

const bytesOf = async (body: { arrayBuffer(): Promise<ArrayBuffer> }) => [
  ...new Uint8Array(await body.arrayBuffer()),
]

function fieldsOf(all: readonly [string, string][]): [string, string][] {
  const fields = new Headers()
  for (const [name, value] of all) fields.append(name, value)
  return [...fields]
}

test('the app sees the request that was made', async () => {
  const methods = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND')
  await fc.assert(
    fc.asyncProperty(methods, path, query, headers, pieces, async (method, uri, search, fields, all) => {
      const target = `https://server.test:8443${uri}${search === undefined ? '' : `?${search}`}`
      const hasBody = method !== 'GET'
      const request = requestOf(target, { method, ...(hasBody && { body: streamOf(all) }) })
      for (const [one, text] of fields) request.headers.append(one, text)
      const wanted = fieldsOf([...request.headers].filter(([one]) => one.startsWith('x-')))
      let seen: unknown
      const fetch = toFetch(
        fromFetch(async (given) => {
          const own = [...given.headers].filter(([one]) => one.startsWith('x-'))
          seen = {
            url: given.url,
            method: given.method,
            own,
            body: hasBody ? await bytesOf(given) : given.body,
          }
          return new Response()
        }),
      )
      expect((await fetch(request)).status).toBe(200)
      expect(seen).toEqual({ url: request.url, method, own: wanted, body: hasBody ? joined(all) : null })
    }),
    { numRuns: 200 },
  )
})

test('the client sees the response that the app made', async () => {
  const statuses = fc.oneof(fc.integer({ min: 200, max: 599 }), fc.constantFrom(204, 205, 304))
  await fc.assert(
    fc.asyncProperty(
      statuses,
      headers,
      cookies,
      pieces,
      fc.boolean(),
      async (status, fields, baked, all, streams) => {
        const isBare = [204, 205, 304].includes(status)
        const body = isBare ? null : streams ? streamOf(all) : Uint8Array.from(joined(all))
        const made = new Headers()
        for (const [one, text] of fields) made.append(one, text)
        for (const cookie of bakesCookies ? baked : []) made.append('set-cookie', cookie)
        // An empty one at the end of a list leaves it white space, which a value cannot end with.
        const wanted = fieldsOf([...made])
        const response = await toFetch(fromFetch(() => new Response(body, { status, headers: made })))(
          requestOf('/'),
        )
        expect([response.status, [...response.headers], await bytesOf(response)]).toEqual([
          status,
          wanted,
          isBare ? [] : joined(all),
        ])
      },
    ),
    { numRuns: 200 },
  )
})

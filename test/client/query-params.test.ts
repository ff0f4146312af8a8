// queryParams: a map that is written behind the URL's own query, nested maps in http-kit's styles.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { get, post, type RequestOptions } from '../../src/client.js'
import { encodeQuery } from '../../src/core.js'
import { record, redirect } from '../support/recording-server.js'

type Style = RequestOptions['nestedParamStyle']

async function targetOf(path: string, queryParams: unknown, nestedParamStyle?: Style): Promise<string> {
  const server = await record()
  const options = { queryParams, ...(nestedParamStyle && { nestedParamStyle }) } as RequestOptions
  const { error } = await get(server.url + path, options)
  expect(error).toBeUndefined()
  return server.last.target
}

describe('queryParams', () => {
  it.each<[string, object, string]>([
    ['', { a: 1 }, '/?a=1'],
    ['/', { a: 1, b: 'x y' }, '/?a=1&b=x+y'],
    ['/p', { a: 'ü&=?#/+%' }, '/p?a=%C3%BC%26%3D%3F%23%2F%2B%25'],
    ['/p?x=1', { a: 1 }, '/p?x=1&a=1'],
    ['/p?x=a%20b+c', { a: 1 }, '/p?x=a%20b+c&a=1'],
    ['/p?x=1', { x: 2 }, '/p?x=1&x=2'],
    ['/p#f', { a: 1 }, '/p?a=1'],
    ['/p?x=1#f?g', { a: 1 }, '/p?x=1&a=1'],
    ['/p?x=1&', { a: 1 }, '/p?x=1&a=1'],
    ['/p?', { a: 1 }, '/p?a=1'],
    ['/p', {}, '/p'],
    ['/p?x=1', {}, '/p?x=1'],
    ['/p', { a: undefined }, '/p'],
    ['/p', { a: null }, '/p?a='],
    ['/p', { a: true, b: 0, c: -1.5, d: new Date(0) }, '/p?a=true&b=0&c=-1.5&d=1970-01-01T00%3A00%3A00.000Z'],
    ['/p', { '': '' }, '/p?='],
    ['/p', { 'a\r\nX: y': '\r\n\0' }, '/p?a%0D%0AX%3A+y=%0D%0A%00'],
  ])('with %j, %j is %s', async (path, params, wanted) => {
    expect(await targetOf(path, params)).toBe(wanted)
  })

  it('may be a Map, or a list of pairs', async () => {
    expect(await targetOf('/', new Map([['a', 1]]))).toBe('/?a=1')
    const pairs = [
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ]
    expect(await targetOf('/', pairs)).toBe('/?a=1&b=2&a=3')
    expect(await targetOf('/', new URLSearchParams('a=1&b=2&a=3'))).toBe('/?a=1&b=2&a=3')
  })

  it('go with a body', async () => {
    const server = await record()
    await post(server.url, { queryParams: { a: 1 }, formParams: { b: 2 } })
    expect([server.last.target, server.last.text]).toEqual(['/?a=1', 'b=2'])
  })

  it('are not applied again by a redirect', async () => {
    const server = await record((req) =>
      req.target.startsWith('/there') ? 'ok' : redirect(302, '/there?x=1'),
    )
    await get(server.url, { queryParams: { a: 1 } })
    expect(server.requests.map(({ target }) => target)).toEqual(['/?a=1', '/there?x=1'])
  })

  it.each<[string, unknown]>([
    ['a function', { a: () => 1 }],
    ['a symbol', { a: Symbol('a') }],
    [
      'deeper than any',
      (() => {
        const circle: Record<string, unknown> = {}
        circle.circle = circle
        return circle
      })(),
    ],
  ])('with a value that is %s are ERR_INVALID_ARGUMENT', async (_, queryParams) => {
    const server = await record()
    const { error } = await get(server.url, { queryParams } as never)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })
})

// http-kit's table.
const table: [object, none: string, array: string, commaSeparated: string, indexed: string][] = [
  [{ a: [1, 2] }, 'a=1&a=2', 'a%5B%5D=1&a%5B%5D=2', 'a=1%2C2', 'a%5B0%5D=1&a%5B1%5D=2'],
  [{ b: [], z: 1 }, 'b=&z=1', 'b%5B%5D=&z=1', 'b=&z=1', 'z=1'],
  [{ a: { b: { c: 5 }, e: { f: 6 } } }, ...repeat('a%5Bb%5D%5Bc%5D=5&a%5Be%5D%5Bf%5D=6')],
  [
    { c: { d: [1, 2] } },
    'c%5Bd%5D=1&c%5Bd%5D=2',
    'c%5Bd%5D%5B%5D=1&c%5Bd%5D%5B%5D=2',
    'c%5Bd%5D=1%2C2',
    'c%5Bd%5D%5B0%5D=1&c%5Bd%5D%5B1%5D=2',
  ],
  [{ p: [{ x: 1 }, { x: 2 }] }, ...repeat('p%5B0%5D%5Bx%5D=1&p%5B1%5D%5Bx%5D=2')],
]

function repeat(query: string): [string, string, string, string] {
  return [query, query, query, query]
}

describe('nestedParamStyle', () => {
  const styles: Style[] = [undefined, 'array', 'commaSeparated', 'indexed'] as Style[]
  const rows = table.flatMap(([params, ...queries]) =>
    styles.map((style, at): [object, Style, string] => [params, style, queries[at]!]),
  )

  it.each(rows)('of %j: %s', async (params, style, wanted) => {
    expect(await targetOf('/', params, style)).toBe(`/?${wanted}`)
  })

  it.each(rows)('is that of forms too: %j, %s', async (formParams, style, wanted) => {
    const server = await record()
    await post(server.url, { formParams, ...(style && { nestedParamStyle: style }) } as RequestOptions)
    expect(server.last.text).toBe(wanted)
  })
})

it('what is given arrives, whatever it is (property)', async () => {
  const server = await record()
  const text = fc.string({ unit: 'binary', maxLength: 10 }).map((one) => one.toWellFormed())
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(text, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }))),
      async (params) => {
        const { error } = await get(`${server.url}/p`, { queryParams: params })
        expect(error).toBeUndefined()
        const [path, query = ''] = server.last.target.split('?')
        const wanted = Object.entries(params).flatMap(([name, values]) =>
          [values].flat().map((each) => [name, each]),
        )
        expect(path).toBe('/p')
        expect(query).toBe(encodeQuery(params))
        expect([...new URLSearchParams(query)]).toEqual(wanted)
      },
    ),
    { numRuns: 150 },
  )
})

// The methods: a helper each, on the module and on every client, called in the same four ways.
import { describe, expect, it } from 'vitest'
import * as module from '../../src/client.js'
import { type ClientResponse, makeClient, type ResponsePromise, request } from '../../src/client.js'
import { record } from '../support/recording-server.js'

type Helper = (url: string, ...rest: unknown[]) => ResponsePromise

const names =
  'get post put head patch options propfind proppatch lock unlock report acl copy move delete del'.split(' ')

function methodOf(name: string): string {
  return name === 'del' ? 'DELETE' : name.toUpperCase()
}

describe.each([
  ['the module', module as unknown as Record<string, Helper>],
  ['a client', makeClient({}) as unknown as Record<string, Helper>],
])('of %s', (_, helpers) => {
  describe.each(names)('%s', (name) => {
    it('sends its method', async () => {
      const server = await record()
      const { status } = (await helpers[name]!(`${server.url}/p?q`)) as ClientResponse
      expect(status).toBe(200)
      expect([server.last.method, server.last.target]).toEqual([methodOf(name), '/p?q'])
    })

    it('takes options, a callback, or both', async () => {
      const server = await record()
      const options = { headers: { 'X-Mine': '1' } }
      const callback = ({ status }: ClientResponse): string => `called with ${status}`
      expect(await helpers[name]!(server.url, options)).toMatchObject({ status: 200 })
      expect(await helpers[name]!(server.url, callback)).toBe('called with 200')
      expect(await helpers[name]!(server.url, options, callback)).toBe('called with 200')
      expect(await helpers[name]!(server.url, undefined, callback)).toBe('called with 200')
      expect(await helpers[name]!(server.url, options, undefined)).toMatchObject({ status: 200 })
      expect(server.requests.map((req) => req.header('x-mine'))).toEqual([
        '1',
        undefined,
        '1',
        undefined,
        '1',
      ])
      expect(new Set(server.requests.map(({ method }) => method))).toEqual(new Set([methodOf(name)]))
    })

    it('can be called without its owner', async () => {
      const server = await record()
      const helper = helpers[name]!
      expect(await helper(server.url)).toMatchObject({ status: 200 })
    })
  })

  it('are all there', () => {
    expect(names.filter((name) => typeof helpers[name] !== 'function')).toEqual([])
    expect(helpers.delete).toBe(helpers.del)
  })
})

describe('the option method', () => {
  it('is get where nothing else is said', async () => {
    const server = await record()
    await request({ url: server.url })
    expect(server.last.method).toBe('GET')
  })

  it.each([
    ['get', 'GET'],
    ['POST', 'POST'],
    ['Delete', 'DELETE'],
    ['mkcol', 'MKCOL'],
    ['trace', 'TRACE'],
    ['PURGE', 'PURGE'],
    ['M-SEARCH', 'M-SEARCH'],
  ])('%s is sent as %s', async (method, wanted) => {
    const server = await record()
    expect(await request({ url: server.url, method })).toMatchObject({ status: 200 })
    expect(server.last.method).toBe(wanted)
  })

  it.each(['', ' ', 'GET ', 'GE T', 'GET\r\nX: y', 'GET\n', 'GET\0', 'GÉT', 'a/b', 'a:b', '"a"', '😀'])(
    'that is no token, %j, is ERR_INVALID_ARGUMENT',
    async (method) => {
      const server = await record()
      const { error } = await request({ url: server.url, method })
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
      expect(server.accepted).toBe(0)
    },
  )

  it.each([1, {}, ['get'], () => 'get'])('that is no string, %s, is ERR_INVALID_ARGUMENT', async (method) => {
    const server = await record()
    const { error } = await request({ url: server.url, method: method as never })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })
})

describe('without a body', () => {
  it.each(['post', 'put', 'patch'])('%s says that there is none: Content-Length: 0', async (method) => {
    const server = await record()
    await request({ url: server.url, method })
    expect([server.last.header('content-length'), server.last.framing]).toEqual(['0', 'length'])
  })

  it.each(['get', 'head', 'delete', 'options', 'propfind', 'trace'])(
    '%s says nothing of one',
    async (method) => {
      const server = await record()
      await request({ url: server.url, method })
      expect(server.last.framing).toBe('none')
    },
  )

  it('null is no body', async () => {
    const server = await record()
    await request({ url: server.url, method: 'get', body: null as never })
    await request({ url: server.url, method: 'post', body: null as never })
    expect(server.requests.map(({ framing }) => framing)).toEqual(['none', 'length'])
  })

  it('any method may have one', async () => {
    const server = await record()
    for (const method of ['get', 'delete', 'options', 'report'])
      await request({ url: server.url, method, body: 'x' })
    expect(server.requests.map(({ text }) => text)).toEqual(['x', 'x', 'x', 'x'])
  })
})

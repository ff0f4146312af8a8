// The request map: every key of it, from the bytes that a client sent.
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { asChannel, type RingRequest, type ServerOptions } from '../../src/server.js'
import { drip } from '../support/drip-feed.js'
import { ask, connectPeer, eventually, type PeerAddress, serve } from '../support/raw-peer.js'

const hasIPv6 = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
)

/** The map that a handler is given for these bytes, and the port they went to. */
async function mapOf(
  request: string,
  options?: ServerOptions,
  host?: string,
): Promise<RingRequest & { port: number }> {
  let map: RingRequest | undefined
  const server = await serve((req) => {
    map = req
    return {}
  }, options)
  const address: PeerAddress = host === undefined ? server.port : { port: server.port, host }
  expect((await ask(address, request)).status).toBe(200)
  return { ...map!, port: server.port }
}

/** The map for a GET with these further field-lines. */
const mapWith = (...fields: string[]) =>
  mapOf(`GET / HTTP/1.1\r\nHost: x\r\n${fields.map((one) => `${one}\r\n`).join('')}\r\n`)

describe('serverName and serverPort', () => {
  test.each([
    ['Host: example.org', 'example.org', 80],
    ['Host: example.org:8443', 'example.org', 8443],
    ['Host: example.org:', 'example.org', 80],
    ['Host: EXAMPLE.org', 'EXAMPLE.org', 80],
    ['Host: under_score:1', 'under_score', 1],
    ['Host: 192.0.2.1:65535', '192.0.2.1', 65535],
    ['Host: [2001:db8::1]', '[2001:db8::1]', 80],
    ['Host: [2001:db8::1]:81', '[2001:db8::1]', 81],
    ['Host:  \t spaced.example:9\t ', 'spaced.example', 9],
  ])('come from %s', async (field, serverName, serverPort) => {
    expect(await mapOf(`GET / HTTP/1.1\r\n${field}\r\n\r\n`)).toMatchObject({ serverName, serverPort })
  })

  test.each([
    ['http://target.example/p', 'target.example', 80],
    ['http://target.example:81/p', 'target.example', 81],
    ['http://target.example:/p', 'target.example', 80],
    ['HTTP://target.example:81', 'target.example', 81],
    ['http://[::1]:82/', '[::1]', 82],
    ['http://[::1]?q', '[::1]', 80],
  ])('come from the target %s rather than from Host', async (target, serverName, serverPort) => {
    const map = await mapOf(`GET ${target} HTTP/1.1\r\nHost: other.example:99\r\n\r\n`)
    expect(map).toMatchObject({ serverName, serverPort })
    expect(map.headers.host).toBe('other.example:99')
  })

  test('come from Host in HTTP/1.0 too, where there is one', async () => {
    const map = await mapOf('GET / HTTP/1.0\r\nHost: example.org:8\r\n\r\n')
    expect(map).toMatchObject({ serverName: 'example.org', serverPort: 8 })
  })

  test('come from the socket in HTTP/1.0 without Host', async () => {
    const map = await mapOf('GET / HTTP/1.0\r\n\r\n')
    expect(map).toMatchObject({ serverName: '127.0.0.1', serverPort: map.port })
    expect('host' in map.headers).toBe(false)
  })
})

describe('remoteAddr', () => {
  const forwarded =
    'GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\nX-Forwarded-For: 10.0.0.2\r\n\r\n'
  const plain = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

  test('is the address of the socket, whatever X-Forwarded-For says', async () => {
    expect((await mapOf(forwarded)).remoteAddr).toBe('127.0.0.1')
  })

  test('is the IPv4 address of a client that reached an IPv6 socket', async ({ skip }) => {
    skip(!hasIPv6, 'this machine has no IPv6')
    expect((await mapOf(plain, { ip: '::' })).remoteAddr).toBe('127.0.0.1')
  })

  test('is an IPv6 address without brackets', async ({ skip }) => {
    skip(!hasIPv6, 'this machine has no IPv6')
    expect((await mapOf(plain, { ip: '::1' }, '::1')).remoteAddr).toBe('::1')
  })

  test('is the leftmost of X-Forwarded-For with legacyUnsafeRemoteAddr', async () => {
    expect((await mapOf(forwarded, { legacyUnsafeRemoteAddr: true })).remoteAddr).toBe('192.0.2.7')
  })

  test('is the address of the socket with legacyUnsafeRemoteAddr, where there is no X-Forwarded-For', async () => {
    expect((await mapOf(plain, { legacyUnsafeRemoteAddr: true })).remoteAddr).toBe('127.0.0.1')
  })
})

describe('uri and queryString', () => {
  test.each([
    ['/', '/', undefined],
    ['/?', '/', ''],
    ['/a?b=c', '/a', 'b=c'],
    ['/a?b?c', '/a', 'b?c'],
    ['/a%20b%2Fc?d=%26+e', '/a%20b%2Fc', 'd=%26+e'],
    ['/a//b/../c;v=1', '/a//b/../c;v=1', undefined],
    ['//two', '//two', undefined],
    ['/http://x/?http://y/', '/http://x/', 'http://y/'],
    ['http://x/p?q', '/p', 'q'],
    ['http://x', '/', undefined],
    ['http://x/', '/', undefined],
    ['http://x?q', '/', 'q'],
  ])('of %s are %s and %s', async (target, uri, queryString) => {
    expect(await mapOf(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatchObject({ uri, queryString })
  })

  test('are the asterisk of OPTIONS', async () => {
    const map = await mapOf('OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(map).toMatchObject({ uri: '*', queryString: undefined })
  })

  test('are the authority of CONNECT', async () => {
    const map = await mapOf('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n')
    expect(map).toMatchObject({ uri: 'example.org:443', queryString: undefined, requestMethod: 'connect' })
  })

  test('of 8000 bytes come whole', async () => {
    const path = `/${'p'.repeat(4000)}`
    const query = 'q'.repeat(4000)
    expect(await mapOf(`GET ${path}?${query} HTTP/1.1\r\nHost: x\r\n\r\n`)).toMatchObject({
      uri: path,
      queryString: query,
    })
  })
})

describe('requestMethod', () => {
  const known = [
    'GET',
    'HEAD',
    'POST',
    'PUT',
    'DELETE',
    'TRACE',
    'OPTIONS',
    'PATCH',
    'PROPFIND',
    'PROPPATCH',
    'LOCK',
  ]
  const rarer = [
    'UNLOCK',
    'REPORT',
    'ACL',
    'MOVE',
    'COPY',
    'MKCOL',
    'LIST',
    'QUERY',
    'M-SEARCH',
    'X',
    "A!#$%&'*+-.^_`|~9",
  ]

  test.each([...known, ...rarer])('of %s is the same in lower case', async (method) => {
    expect((await mapOf(`${method} / HTTP/1.1\r\nHost: x\r\n\r\n`)).requestMethod).toBe(method.toLowerCase())
  })
})

describe('protocol and scheme', () => {
  test.each(['HTTP/1.1', 'HTTP/1.0'])('are %s and http', async (protocol) => {
    expect(await mapOf(`GET / ${protocol}\r\nHost: x\r\n\r\n`)).toMatchObject({ protocol, scheme: 'http' })
  })

  test('are those of the connection, whatever an absolute target says', async () => {
    expect((await mapOf('GET https://x/ HTTP/1.1\r\nHost: x\r\n\r\n')).scheme).toBe('http')
  })
})

describe('headers', () => {
  test('have names in lower case and values without the white space around them', async () => {
    const { headers } = await mapWith('ACCEPT:text/html', 'X-Odd_Name.1: \t a  b \t', 'Empty:', 'Blank: \t ')
    expect({ ...headers }).toEqual({
      host: 'x',
      accept: 'text/html',
      'x-odd_name.1': 'a  b',
      empty: '',
      blank: '',
    })
  })

  test('have repeats joined with a comma and a space, in their order', async () => {
    const { headers } = await mapWith('Accept: a', 'X-Other: 1', 'accept: b, c', 'ACCEPT: d')
    expect(headers.accept).toBe('a, b, c, d')
  })

  test('have the repeats of Cookie joined with a semicolon and a space', async () => {
    const { headers } = await mapWith('Cookie: a=1; b=2', 'Cookie: c=3')
    expect(headers.cookie).toBe('a=1; b=2; c=3')
  })

  test('have an empty repeat joined too', async () => {
    expect((await mapWith('X-A:', 'X-A: 1', 'X-A:')).headers['x-a']).toBe(', 1, ')
  })

  test('inherit nothing', async () => {
    const { headers } = await mapWith()
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', '__proto__']) {
      expect(name in headers).toBe(false)
      expect(headers[name]).toBeUndefined()
    }
  })

  test('take the names of Object.prototype like any other', async () => {
    const { headers } = await mapWith('constructor: a', '__proto__: b', 'toString: c', '__proto__: d')
    expect(Object.entries(headers)).toEqual([
      ['host', 'x'],
      ['constructor', 'a'],
      ['__proto__', 'b, d'],
      ['tostring', 'c'],
    ])
    expect(({} as Record<string, unknown>).b).toBeUndefined()
  })

  test('have one character for each byte of a value (ISO 8859-1)', async () => {
    const bytes = Buffer.from(Array.from({ length: 128 }, (_, index) => 128 + index)).toString('latin1')
    expect((await mapWith(`X-High: ${bytes}`)).headers['x-high']).toBe(bytes)
  })

  test('come all, where there are a hundred', async () => {
    const fields = Array.from({ length: 99 }, (_, index) => `X-${index}: ${index}`)
    const { headers } = await mapWith(...fields)
    expect(Object.keys(headers)).toHaveLength(100)
    expect(headers['x-98']).toBe('98')
  })
})

describe('contentType and characterEncoding', () => {
  test.each([
    ['text/html', 'text/html', undefined],
    ['text/html; charset=utf-8', 'text/html', 'utf-8'],
    ['text/html;charset=UTF-8', 'text/html', 'UTF-8'],
    ['text/html ; \tCharset="iso-8859-1"', 'text/html', 'iso-8859-1'],
    ['text/plain; format=flowed; charset=utf-8', 'text/plain', 'utf-8'],
    ['text/plain; charset=utf-8; format=flowed', 'text/plain', 'utf-8'],
    ['multipart/form-data; boundary=x', 'multipart/form-data; boundary=x', undefined],
    ['application/json; xcharset=utf-8', 'application/json; xcharset=utf-8', undefined],
    ['text/plain; charset=', 'text/plain; charset=', undefined],
    ['text/plain; a="b; charset=c"', 'text/plain; a="b; charset=c"', undefined],
    ['', '', undefined],
  ])('of %s are %s and %s', async (value, contentType, characterEncoding) => {
    const map = await mapWith(`Content-Type: ${value}`)
    expect(map).toMatchObject({ contentType, characterEncoding })
    expect(map.headers['content-type']).toBe(value)
  })

  test('are undefined without Content-Type', async () => {
    expect(await mapWith()).toMatchObject({ contentType: undefined, characterEncoding: undefined })
  })
})

describe('contentLength and body', () => {
  test('are both undefined where the message has no body', async () => {
    expect(await mapOf('POST / HTTP/1.1\r\nHost: x\r\n\r\n')).toMatchObject({
      contentLength: undefined,
      body: undefined,
    })
  })

  test('are 0 and undefined for Content-Length: 0', async () => {
    const map = await mapOf('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
    expect(map).toMatchObject({ contentLength: 0, body: undefined })
  })

  test('are the length as stated and a body, where the message has one', async () => {
    const map = await mapOf('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 0003\r\n\r\nabc')
    expect(map.contentLength).toBe(3)
    expect(map.body).toBeDefined()
  })

  test('are those of a GET too, where it has a body', async () => {
    const map = await mapOf('GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
    expect(map).toMatchObject({ contentLength: 3, body: expect.anything() })
  })

  test('are undefined and a body for a chunked message', async () => {
    const map = await mapOf(
      'PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    )
    expect(map.contentLength).toBeUndefined()
    expect(map.body).toBeDefined()
  })
})

describe('websocket', () => {
  test.each([['websocket'], ['WebSocket'], ['h2c, websocket']])('is true for Upgrade: %s', async (value) => {
    expect((await mapWith(`Upgrade: ${value}`, 'Connection: Upgrade')).websocket).toBe(true)
  })

  test.each([['h2c'], ['websockets'], ['xwebsocket'], ['']])('is false for Upgrade: %s', async (value) => {
    expect((await mapWith(`Upgrade: ${value}`, 'Connection: Upgrade')).websocket).toBe(false)
  })

  test('is false without Upgrade', async () => {
    expect((await mapWith('Connection: websocket')).websocket).toBe(false)
  })
})

describe('startTime', () => {
  test("is when the head was there, on performance.now's clock", async () => {
    const server = await serve((req) => ({ body: String(req.startTime) }))
    const peer = await connectPeer(server.port)
    await peer.send('GET / HTTP/1.1\r\nHost: x\r\n').flushed()
    await eventually(() => server.stats().bytesIn).toBeGreaterThan(0)
    const before = performance.now()
    const startTime = Number((await peer.send('\r\n').response()).text)
    expect(startTime).toBeGreaterThanOrEqual(before)
    expect(startTime).toBeLessThanOrEqual(performance.now())
  })
})

describe('the map', () => {
  const KEYS = [
    'asyncChannel',
    'body',
    'characterEncoding',
    'contentLength',
    'contentType',
    'headers',
    'protocol',
    'queryString',
    'remoteAddr',
    'requestMethod',
    'scheme',
    'serverName',
    'serverPort',
    'startTime',
    'uri',
    'websocket',
  ]

  test('has all its keys as properties of its own, so that a copy keeps them', async () => {
    let keys: string[] = []
    let copyKeys: string[] = []
    const server = await serve(async (req) => {
      keys = Object.keys(req)
      const copy = { ...req, user: 'me' }
      copyKeys = Object.keys(copy)
      return { body: `${copy.uri} ${await copy.body?.text()} ${copy.headers.host} ${copy.user}` }
    })
    const answer = await ask(server.port, 'POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok')
    expect(answer.text).toBe('/p ok x me')
    expect(keys.sort()).toEqual(KEYS)
    expect(copyKeys.sort()).toEqual([...KEYS, 'user'].sort())
  })

  test('can be answered through the channel of a copy', async () => {
    const server = await serve((req) =>
      asChannel({ ...req }, { onOpen: (ch) => void ch.send('through the copy') }),
    )
    expect((await ask(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('through the copy')
  })

  test('can be added to', async () => {
    const server = await serve((req) => {
      const extended = Object.assign(req, { user: 'me' })
      return { body: extended.user }
    })
    expect((await ask(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).text).toBe('me')
  })

  test('stays what it was while further requests are read', async () => {
    const maps: RingRequest[] = []
    const server = await serve((req) => {
      maps.push(req)
      return {}
    })
    const requests = Array.from(
      { length: 50 },
      (_, index) =>
        `GET /${index}?q=${index} HTTP/1.1\r\nHost: host${index}:${index}\r\nX-Long-Name: ${'v'.repeat(index)}\r\n\r\n`,
    )
    const [first, second] = [await connectPeer(server.port), await connectPeer(server.port)]
    await first.send(requests.slice(0, 25).join('')).responses(25)
    await second.send(requests.slice(25).join('')).responses(25)
    for (const [index, map] of maps.entries()) {
      expect(map).toMatchObject({
        uri: `/${index}`,
        queryString: `q=${index}`,
        serverName: `host${index}`,
        serverPort: index,
        headers: { 'x-long-name': 'v'.repeat(index) },
      })
    }
    expect(maps).toHaveLength(50)
  })

  test('comes from a head that arrives byte by byte, too', async () => {
    const map: Partial<RingRequest>[] = []
    const server = await serve((req) => {
      map.push(req)
      return {}
    })
    const peer = await connectPeer(server.port)
    const head = 'GET http://h:1/p?q HTTP/1.1\r\nHost: x\r\nCookie: a=1\r\nCookie: b=2\r\nX-Y:z\r\n\r\n'
    await drip(peer, head)
    await peer.response()
    expect(map).toMatchObject([
      {
        uri: '/p',
        queryString: 'q',
        serverName: 'h',
        serverPort: 1,
        headers: { cookie: 'a=1; b=2', 'x-y': 'z' },
      },
    ])
  })
})

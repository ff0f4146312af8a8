// The head of a request as it leaves: Host first, the caller's fields in their order and spelling, then ours. And what may
// never be in it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { get, makeClient, post, type RequestOptions, request } from '../../src/client.js'
import { type RecordedRequest, record } from '../support/recording-server.js'

type Options = Omit<RequestOptions, 'url'>

/** What comes of a request with these options. */
async function sent(options: object, path = '/'): Promise<RecordedRequest> {
  const server = await record()
  const { error } = await request({ url: server.url + path, ...options } as RequestOptions)
  expect(error).toBeUndefined()
  return server.last
}

/** The names of its fields, in their order. */
async function namesOf(options: Options): Promise<string[]> {
  return (await sent(options)).fields.map(([name]) => name)
}

describe('the head', () => {
  it('of a plain request is these bytes', async () => {
    const server = await record()
    await get(`${server.url}/a/b?c=d`)
    expect(server.last.head).toBe(
      `GET /a/b?c=d HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\nAccept-Encoding: gzip, deflate, br\r\n` +
        'User-Agent: httpkit-wasm\r\n',
    )
  })

  it('has the caller’s fields behind Host, in their order and spelling, and ours behind them', async () => {
    const { head } = await sent({
      method: 'post',
      headers: { 'x-ONE': '1', Accept: 'a/b', 'X-two': '2', cookie: 'c=d', 'zEbRa-9': 'z', 'If-Match': '*' },
      basicAuth: 'a:b',
      body: 'hello',
    })
    const [, , ...lines] = head.trimEnd().split('\r\n')
    expect(lines).toEqual([
      'x-ONE: 1',
      'Accept: a/b',
      'X-two: 2',
      'cookie: c=d',
      'zEbRa-9: z',
      'If-Match: *',
      'Authorization: Basic YTpi',
      'Accept-Encoding: gzip, deflate, br',
      'User-Agent: httpkit-wasm',
      'Content-Length: 5',
    ])
  })

  it('states the length of a body that is known, and the coding of one that is not', async () => {
    expect(await namesOf({ method: 'post', body: 'x' })).toContain('Content-Length')
    const streamed = await namesOf({ method: 'post', body: ['x'] })
    expect(streamed).toContain('Transfer-Encoding')
    expect(streamed).not.toContain('Content-Length')
  })

  it('is the same for the second request of a connection', async () => {
    const server = await record()
    for (let n = 0; n < 3; n++) await get(server.url, { headers: { 'X-One': '1' } })
    expect(server.accepted).toBe(1)
    expect(new Set(server.requests.map(({ head }) => head)).size).toBe(1)
  })
})

describe('a header', () => {
  it('that is an array is as many fields', async () => {
    const { fields } = await sent({ headers: { 'X-One': ['a', 'b', 'a'], 'X-Two': ['c'] } })
    expect(fields.slice(1, 5)).toEqual([
      ['X-One', 'a'],
      ['X-One', 'b'],
      ['X-One', 'a'],
      ['X-Two', 'c'],
    ])
  })

  it('that is null, undefined or an empty array is left out', async () => {
    const { head } = await sent({
      headers: { 'X-One': null, 'X-Two': undefined, 'X-Three': [], 'X-Four': '4' },
    })
    expect(head).toMatch(/\r\nX-Four: 4\r\n/)
    expect(head).not.toMatch(/X-(One|Two|Three)/)
  })

  it.each([null, undefined])('in an array that is %s is left out', async (nothing) => {
    expect((await sent({ headers: { 'X-One': ['a', nothing, 'b'] } })).headerAll('x-one')).toEqual(['a', 'b'])
  })

  it('may be a number or a boolean', async () => {
    const req = await sent({ headers: { 'X-One': 1, 'X-Two': [2.5, 0], 'X-Three': true } })
    expect([req.header('x-one'), ...req.headerAll('x-two'), req.header('x-three')]).toEqual([
      '1',
      '2.5',
      '0',
      'true',
    ])
  })

  it('may be empty', async () => {
    expect((await sent({ headers: { 'X-One': '' } })).header('x-one')).toBe('')
  })

  it('may have tabs within, and is UTF-8', async () => {
    const value = (await sent({ headers: { 'X-One': 'a\tb é 日本 😀' } })).header('x-one')
    expect(Buffer.from(value!, 'latin1').toString()).toBe('a\tb é 日本 😀')
  })

  it('may be long', async () => {
    const long = 'x'.repeat(100_000)
    expect((await sent({ headers: { 'X-One': long } })).header('x-one')).toBe(long)
  })

  it('may come a thousand times', async () => {
    const values = Array.from({ length: 1000 }, (_, n) => `value ${n}`)
    expect((await sent({ headers: { 'X-One': values } })).headerAll('x-one')).toEqual(values)
  })

  it('that the map inherits is not sent', async () => {
    const headers = Object.assign(Object.create({ 'X-Inherited': '1' }) as Record<string, string>, {
      'X-Own': '1',
    })
    expect((await sent({ headers })).head).not.toContain('X-Inherited')
  })

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('may be called %s', async (name) => {
    const headers = JSON.parse(`{ "${name}": "mine" }`) as Record<string, string>
    expect((await sent({ headers })).header(name)).toBe('mine')
  })

  it('arrives as it was given, whatever it is (property)', async () => {
    const server = await record()
    const token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    const name = fc
      .string({ unit: fc.constantFrom(...token), minLength: 1, maxLength: 20 })
      .map((text) => `X-${text}`)
    const value = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) =>
      text
        .toWellFormed()
        .replace(/\p{Cc}/gu, '')
        .trim(),
    )
    const headers = fc.uniqueArray(fc.tuple(name, fc.oneof(value, fc.array(value, { maxLength: 3 }))), {
      selector: ([one]) => one.toLowerCase(),
      maxLength: 10,
    })
    await fc.assert(
      fc.asyncProperty(headers, async (entries) => {
        const { error } = await get(server.url, { headers: Object.fromEntries(entries) })
        expect(error).toBeUndefined()
        const wanted = Object.entries(Object.fromEntries(entries)).flatMap(([one, values]) =>
          [values].flat().map((each) => [one, each]),
        )
        const came = server.last.fields.map(([one, text]) => [one, Buffer.from(text, 'latin1').toString()])
        expect(came.filter(([one]) => one!.startsWith('X-'))).toEqual(wanted)
      }),
      { numRuns: 150 },
    )
    expect(server.accepted).toBe(1)
  })
})

describe('Host', () => {
  it('of the caller replaces ours, and is first', async () => {
    const { fields } = await sent({ headers: { 'X-One': '1', hOsT: 'example.com:81' } })
    expect(fields[0]![0].toLowerCase()).toBe('host')
    expect(fields[0]![1]).toBe('example.com:81')
    expect(fields.filter(([name]) => name.toLowerCase() === 'host')).toHaveLength(1)
    expect(fields[1]).toEqual(['X-One', '1'])
  })

  it.each<[string, unknown]>([
    ['twice', ['a', 'b']],
    ['with a space', 'a b'],
    ['with a line end', 'a\r\nX: y'],
  ])('is ERR_INVALID_ARGUMENT %s', async (_, host) => {
    const server = await record()
    const { error } = await get(server.url, { headers: { Host: host } } as never)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  })

  it('in two spellings is ERR_INVALID_ARGUMENT', async () => {
    const server = await record()
    const { error } = await get(server.url, { headers: { Host: 'a', host: 'b' } })
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
  })

  it('that is null is ours', async () => {
    const server = await record()
    await get(server.url, { headers: { Host: null } } as never)
    expect(server.last.header('host')).toBe(`127.0.0.1:${server.port}`)
  })
})

describe('User-Agent', () => {
  it.each<[string, Options, string[]]>([
    ['ours by default', {}, ['httpkit-wasm']],
    ['the option’s', { userAgent: 'mine/1.0' }, ['mine/1.0']],
    ['the header’s', { headers: { 'user-AGENT': 'header/1' } }, ['header/1']],
    ['none where the option is null', { userAgent: null } as never, []],
  ])('is %s', async (_, options, wanted) => {
    expect((await sent(options)).headerAll('user-agent')).toEqual(wanted)
  })
})

describe('Accept-Encoding', () => {
  it.each<[string, Options, string[]]>([
    ['asks for what can be undone', {}, ['gzip, deflate, br']],
    ['is the caller’s where there is one', { headers: { 'accept-ENCODING': 'x' } }, ['x']],
    ['is not sent with a Range', { headers: { range: 'bytes=0-1' } }, []],
    ['is not sent without autoCompression', { autoCompression: false }, []],
  ])('%s', async (_, options, wanted) => {
    expect((await sent(options)).headerAll('accept-encoding')).toEqual(wanted)
  })
})

describe('Authorization', () => {
  const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`
  const rows: [string, object, string | undefined][] = [
    ['there is none', {}, undefined],
    ['basicAuth is a pair', { basicAuth: ['user', 'pass'] }, basic('user:pass')],
    ['basicAuth is a text', { basicAuth: 'user:pass' }, basic('user:pass')],
    ['the password has colons', { basicAuth: 'user:pa:ss' }, basic('user:pa:ss')],
    ['the password has colons, in a pair', { basicAuth: ['user', ':pa:ss'] }, basic('user::pa:ss')],
    ['names are UTF-8', { basicAuth: ['Ünal', 'pä€'] }, basic('Ünal:pä€')],
    ['both are empty', { basicAuth: ['', ''] }, basic(':')],
    ['oauthToken is given', { oauthToken: 'abc.def' }, 'Bearer abc.def'],
    [
      'basicAuth and a header are given',
      { basicAuth: 'a:b', headers: { authorization: 'mine' } },
      basic('a:b'),
    ],
    [
      'oauthToken and a header are given',
      { oauthToken: 't', headers: { AUTHORIZATION: 'mine' } },
      'Bearer t',
    ],
    ['all are given', { oauthToken: 't', basicAuth: 'a:b', headers: { Authorization: 'mine' } }, 'Bearer t'],
    ['only a header is given', { headers: { Authorization: 'mine' } }, 'mine'],
  ]

  it.each(rows)('where %s', async (_, options, wanted) => {
    expect((await sent(options)).header('authorization')).toBe(wanted)
  })

  it.each<[string, object, string]>([
    ['is sent', {}, basic('user:pass')],
    ['is weaker than a header', { headers: { authorization: 'mine' } }, 'mine'],
    ['is weaker than basicAuth', { basicAuth: 'a:b' }, basic('a:b')],
    ['is weaker than oauthToken', { oauthToken: 't' }, 'Bearer t'],
  ])('of the URL %s', async (_, options, wanted) => {
    const server = await record()
    await get(server.url.replace('//', '//user:pass@'), options as Options)
    expect(server.last.header('authorization')).toBe(wanted)
    expect(server.last.head).not.toContain('user:pass')
  })

  it.each([
    ['user@', 'user:'],
    [':pass@', ':pass'],
    ['us%3Aer:p%40ss%2F@', undefined],
    ['%C3%BCser:p%E2%82%ACss@', 'üser:p€ss'],
    ['us%20er:p:a:s@', 'us er:p:a:s'],
    ['user:a%25b@', 'user:a%b'],
  ])('is decoded from the URL: %s', async (userinfo, wanted) => {
    const server = await record()
    const { error } = await get(server.url.replace('//', `//${userinfo}`))
    if (wanted === undefined)
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' }) // a colon ends a user's name
    else expect(server.last.header('authorization')).toBe(basic(wanted))
  })
})

describe('Connection', () => {
  it.each<[string, Options, string[]]>([
    ['is not said by default', {}, []],
    ['is close where keepalive is -1', { keepalive: -1 }, ['close']],
    ['is close where keepalive is 0', { keepalive: 0 }, ['close']],
    ['may be close', { headers: { connection: 'close' } }, ['close']],
    ['may be keep-alive', { headers: { Connection: 'keep-alive' } }, ['keep-alive']],
    ['is said once where both say it', { headers: { Connection: 'close' }, keepalive: -1 }, ['close']],
  ])('%s', async (_, options, wanted) => {
    expect((await sent(options)).headerAll('connection')).toEqual(wanted)
  })

  it('closes, where it is close', async () => {
    const server = await record()
    await get(server.url, { headers: { Connection: 'close' } })
    await get(server.url, { keepalive: -1 })
    await get(server.url)
    expect(server.accepted).toBe(3)
  })
})

describe('what may not be in it is ERR_INVALID_ARGUMENT, and nothing is connected', () => {
  async function expectRefused(options: object): Promise<void> {
    const server = await record()
    const { error } = await post(server.url, options as Options)
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(server.accepted).toBe(0)
  }

  const controls = ['\r\nX-Bad: 1', '\r', '\n', '\0', '\x01', '\x08', '\x0b', '\x0c', '\x1f', '\x7f'].flatMap(
    (control) => [`a${control}`, `a${control}b`, `${control}b`],
  )

  it.each(controls)('a value with a control character: %j', async (value) => {
    await expectRefused({ headers: { 'X-One': value } })
    await expectRefused({ headers: { 'X-One': ['fine', value] } })
    await expectRefused({ userAgent: value })
    await expectRefused({ oauthToken: value })
    await expectRefused({ headers: { Host: value } })
    await expectRefused({ headers: { Cookie: value } })
  })

  it.each([
    '',
    ' ',
    'a b',
    'a:',
    ':a',
    'a\r\nb',
    'a\0',
    'a\n',
    'é',
    'a(b)',
    '"a"',
    'a/b',
    '{a}',
    'a;b',
    'a\x7f',
    '日本',
  ])('a name that is no token: %j', async (name) => {
    await expectRefused({ headers: { [name]: '1' } })
  })

  it.each<[string, unknown]>([
    ['a map', {}],
    ['a function', () => '1'],
    ['a symbol', Symbol('1')],
    ['an array in an array', [['1']]],
  ])('a value that is %s', async (_, value) => {
    await expectRefused({ headers: { 'X-One': value } })
  })

  it.each([
    ['Transfer-Encoding', 'chunked'],
    ['transfer-encoding', 'gzip, chunked'],
    ['TRANSFER-ENCODING', 'identity'],
    ['Upgrade', 'websocket'],
    ['Trailer', 'X-One'],
    ['TE', 'trailers'],
    ['Keep-Alive', 'timeout=5'],
    ['Proxy-Connection', 'keep-alive'],
    ['Connection', 'upgrade'],
    ['Connection', 'close, X-One'],
    ['Connection', 'X-One'],
    ['connection', ''],
  ])('a field of the connection: %s: %s', async (name, value) => {
    await expectRefused({ headers: { [name]: value } })
  })

  it.each<[string, unknown]>([
    ['no number', 'x'],
    ['empty', ''],
    ['signed', '+5'],
    ['negative', '-5'],
    ['hexadecimal', '0x5'],
    ['a list', '5, 5'],
    ['repeated', ['5', '5']],
    ['with a space', '5 '],
    ['of a fraction', '5.0'],
    ['too long', '6'],
    ['too short', '4'],
    ['beyond all numbers', '9'.repeat(30)],
  ])('a Content-Length that is %s', async (_, length) => {
    await expectRefused({ headers: { 'Content-Length': length }, body: 'hello' })
  })

  it('a Content-Length in two spellings', async () => {
    await expectRefused({ headers: { 'Content-Length': '5', 'content-length': '5' }, body: 'hello' })
  })

  it('a Content-Length of a body that is not there', async () => {
    await expectRefused({ headers: { 'Content-Length': '5' } })
  })

  it.each(['a:b\r\nX: y', 'a\r\n:b', 'a\0:b', ['a\n', 'b'], ['a', 'b\r\nX: y']])(
    'basicAuth with a control character: %j',
    async (basicAuth) => {
      // They would be hidden in base64; RFC 7617 §2 forbids them there.
      await expectRefused({ basicAuth })
    },
  )
})

it('a Content-Length that is right is sent once', async () => {
  const req = await sent({ method: 'post', headers: { 'content-length': 5 }, body: 'hello' })
  expect(req.headerAll('content-length')).toEqual(['5'])
  expect(req.text).toBe('hello')
})

it('a Content-Type of the caller is the one that is sent', async () => {
  const req = await sent({
    method: 'post',
    headers: { 'content-TYPE': 'a/b' },
    body: new Blob(['x'], { type: 'c/d' }),
  })
  expect(req.headerAll('content-type')).toEqual(['a/b'])
})

it('a client of its own writes the same', async () => {
  const server = await record()
  const client = makeClient({})
  await get(server.url, { headers: { 'X-One': '1' } })
  await client.get(server.url, { headers: { 'X-One': '1' } })
  await get(server.url, { headers: { 'X-One': '1' }, client })
  expect(new Set(server.requests.map(({ head }) => head)).size).toBe(1)
  await client.close()
})

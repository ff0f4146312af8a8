// The PROXY protocol (haproxy.org, proxy-protocol.txt): both versions, what the handler learns from them, and what
// becomes of connections that begin with something else.

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type RingRequest, type RingResponse, runServer, type ServerOptions } from '../../src/server.js'
import { cutsOf, drip, sendPieces } from '../support/drip-feed.js'
import { temporaryFolder } from '../support/programs.js'
import { ask, connectPeer, serve, type TestServer } from '../support/raw-peer.js'
import { until } from '../support/waiting.js'

const get = (path = '/', fields = ''): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const latin1 = (bytes: string | Uint8Array): string => Buffer.from(bytes as Uint8Array).toString('latin1')

const signature = '\r\n\r\n\0\r\nQUIT\n'

/** A version 2 header: its command, its family and protocol, and what follows its length. */
function v2(
  versionAndCommand: number,
  familyAndProtocol: number,
  rest: readonly number[] | Uint8Array = [],
): string {
  const head = [versionAndCommand, familyAndProtocol, rest.length >> 8, rest.length & 0xff]
  return signature + latin1(Uint8Array.from([...head, ...rest]))
}

const ports = (source: number, destination: number): number[] =>
  [source, destination].flatMap((port) => [port >> 8, port & 0xff])

const inet = (source: number[], destination: number[], port: number): number[] => [
  ...source,
  ...destination,
  ...ports(51234, port),
]

const ipv4 = inet([192, 0, 2, 7], [198, 51, 100, 1], 443)
const ipv6Source = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2a]
const ipv6 = inet(ipv6Source, ipv6Source.with(15, 1), 443)
/** A type-length-value field: PP2_TYPE_AUTHORITY, and PP2_TYPE_NOOP to fill up. */
const tlv = (type: number, length: number): number[] => [
  type,
  length >> 8,
  length & 0xff,
  ...Array(length).fill(0x61),
]

const v1 = 'PROXY TCP4 192.0.2.7 198.51.100.1 51234 443\r\n'

/** Says what the handler knows of the client. */
function tell({ remoteAddr, headers }: RingRequest): RingResponse {
  const { 'x-forwarded-for': client, 'x-forwarded-port': port, 'x-forwarded-proto': proto } = headers
  return { body: JSON.stringify([remoteAddr, client, port, proto]) }
}

type Told = [remoteAddr: string, client?: string | null, port?: string | null, proto?: string | null]

async function toldTo(server: TestServer, bytes: string): Promise<Told> {
  const answer = await ask(server.port, Buffer.from(bytes, 'latin1'))
  expect(answer.status).toBe(200)
  return JSON.parse(answer.text) as Told
}

const serveProxied = (options: ServerOptions = {}): Promise<TestServer> =>
  serve(tell, { proxyProtocol: 'enable', ...options })

const direct: Told = ['127.0.0.1', null, null, null]
const proxied: Told = ['192.0.2.7', '192.0.2.7', '443', 'https']

describe('proxyProtocol', () => {
  const good: [title: string, header: string, told: Told][] = [
    ['version 1, TCP4', v1, proxied],
    [
      'version 1, TCP4 to port 80',
      'PROXY TCP4 255.255.255.255 0.0.0.0 65535 80\r\n',
      ['255.255.255.255', '255.255.255.255', '80', 'http'],
    ],
    [
      'version 1, TCP4 to another port',
      'PROXY TCP4 192.0.2.7 198.51.100.1 1 8443\r\n',
      ['192.0.2.7', '192.0.2.7', '8443', null],
    ],
    [
      'version 1, TCP6',
      'PROXY TCP6 2001:db8::2a 2001:db8::1 51234 443\r\n',
      ['2001:db8::2a', '2001:db8::2a', '443', 'https'],
    ],
    [
      'version 1, TCP6 as long as it can be',
      'PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n',
      ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe', '65535', null],
    ],
    ['version 1, UNKNOWN', 'PROXY UNKNOWN\r\n', direct],
    ['version 1, UNKNOWN with more', 'PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n', direct],
    ['version 2, PROXY over IPv4', v2(0x21, 0x11, ipv4), proxied],
    ['version 2, PROXY over IPv6', v2(0x21, 0x21, ipv6), ['2001:db8::2a', '2001:db8::2a', '443', 'https']],
    [
      'version 2, PROXY over IPv4 with further fields',
      v2(0x21, 0x11, [...ipv4, ...tlv(0x02, 11), ...tlv(0x04, 300)]),
      proxied,
    ],
    [
      'version 2, PROXY over IPv6 with further fields',
      v2(0x21, 0x21, [...ipv6, ...tlv(0x02, 11)]),
      ['2001:db8::2a', '2001:db8::2a', '443', 'https'],
    ],
    [
      'version 2, with as many further fields as fit',
      v2(0x21, 0x11, [...ipv4, ...tlv(0x04, 65520)]),
      proxied,
    ],
    ['version 2, LOCAL', v2(0x20, 0x00), direct],
    ['version 2, LOCAL with addresses that do not count', v2(0x20, 0x11, ipv4), direct],
    ['version 2, PROXY of an unspecified family', v2(0x21, 0x00, tlv(0x04, 5)), direct],
    ['version 2, PROXY of a Unix socket', v2(0x21, 0x31, Array(216).fill(0x2f)), direct],
  ]

  it.each(good)('reads %s', async (_title, header, told) => {
    const server = await serveProxied()
    expect(await toldTo(server, header + get())).toEqual(told)
    expect(server.errors).toEqual([])
  })

  it.each(good)('reads %s, where it is optional', async (_title, header, told) => {
    const server = await serveProxied({ proxyProtocol: 'optional' })
    expect(await toldTo(server, header + get())).toEqual(told)
  })

  // Those that fit into a few reads; the others differ from them in length only.
  const short = good.filter(([, header]) => header.length < 150)

  it.each(short)(
    'reads %s, cut in two anywhere, the request in the same packets',
    async (_title, header, told) => {
      const server = await serveProxied()
      for (const cut of cutsOf(header + get())) {
        const peer = await connectPeer(server.port)
        await sendPieces(peer, cut)
        expect(JSON.parse((await peer.response()).text), `cut after ${cut[0].length}`).toEqual(told)
        peer.destroy()
      }
    },
  )

  it.each(short)('reads %s, byte by byte', async (_title, header, told) => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    await drip(peer, header + get())
    expect(JSON.parse((await peer.response()).text)).toEqual(told)
  })

  it('counts for every later request of the connection', async () => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    peer.send(v1 + get('/1') + get('/2'))
    const pipelined = await peer.responses(2)
    peer.send(get('/3'))
    const later = await peer.response()
    for (const answer of [...pipelined, later]) expect(JSON.parse(answer.text)).toEqual(proxied)
  })

  it('counts for its own connection only', async () => {
    const server = await serveProxied({ proxyProtocol: 'optional' })
    const one = await connectPeer(server.port)
    const other = await connectPeer(server.port)
    await one.send(v1 + get()).response()
    expect(JSON.parse((await other.send(get()).response()).text)).toEqual(direct)
    expect(JSON.parse((await one.send(get()).response()).text)).toEqual(proxied)
  })

  it('beats the fields of the same names that a client sends, in any case and number', async () => {
    const server = await serveProxied({ legacyUnsafeRemoteAddr: true })
    const forged =
      'X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 6.6.6.7\r\nX-FORWARDED-PORT: 666\r\nX-Forwarded-Proto: gopher\r\n'
    expect(await toldTo(server, v1 + get('/', forged))).toEqual(proxied)
    expect(await toldTo(server, v2(0x21, 0x11, ipv4) + get('/', forged))).toEqual(proxied)
  })

  it('is read once: a second header is no request', async () => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    const answers = await peer.send(v1 + v1 + get()).responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([400])
  })

  it('may be followed by a body that is longer than a read', async () => {
    const length = 3 * 1024 * 1024
    const server = await serve(
      async (req) => ({ body: `${req.remoteAddr} ${(await req.body!.bytes()).length}` }),
      {
        proxyProtocol: 'enable',
      },
    )
    const request = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(length)}`
    expect((await ask(server.port, v1 + request)).text).toBe(`192.0.2.7 ${length}`)
  })

  it('may be followed by many pipelined requests in the same packet', async () => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    const answers = await peer.send(v1 + get().repeat(3000)).responses(3000)
    for (const answer of answers) expect(answer.text).toBe(JSON.stringify(proxied))
  })

  it('may be followed by a request and the end of the client side in the same packet', async () => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    const answers = await peer
      .send(v1 + get())
      .finish()
      .responsesUntilEnd()
    expect(answers.map(({ text }) => JSON.parse(text))).toEqual([proxied])
  })

  it('is read on a Unix domain socket too', async () => {
    const path = join(temporaryFolder(), 'server.sock')
    await serve(tell, { path, proxyProtocol: 'enable' })
    expect(JSON.parse((await ask(path, v1 + get())).text)).toEqual(proxied)
  })
})

describe("proxyProtocol: 'enable'", () => {
  it.each([
    ['a request', get()],
    ['an empty line and a request', `\r\n${get()}`],
    ['a header in lower case', v1.toLowerCase() + get()],
    ['a space and a header', ` ${v1}${get()}`],
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('answers 400 to a connection that begins with %s, and serves nothing of it', async (_what, bytes) => {
    let calls = 0
    const server = await serve(
      () => {
        calls++
        return {}
      },
      { proxyProtocol: 'enable' },
    )
    const peer = await connectPeer(server.port)
    const answers = await peer.send(bytes).send(get()).responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([400])
    expect(answers[0]!.header('connection')).toBe('close')
    expect(answers[0]!.header('content-type')).toMatch(/^text\/plain/)
    expect(answers[0]!.header('date')).toBeDefined()
    expect(calls).toBe(0)
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1, inFlight: 0 })
  })

  it('answers 400 to a missing header as soon as that is clear, byte by byte', async () => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    peer.send('G')
    expect((await peer.response()).status).toBe(400)
    await peer.ended()
  })
})

describe("proxyProtocol: 'optional'", () => {
  const requests: [string, string, Told][] = [
    ['GET', get(), direct],
    ['a method that begins like the header, PROPFIND', 'PROPFIND / HTTP/1.1\r\nHost: x\r\n\r\n', direct],
    ['an empty line, as a version 2 header does', `\r\n${get()}`, direct],
    ['a forwarding field', get('/', 'X-Forwarded-For: 1.1.1.1\r\n'), ['127.0.0.1', '1.1.1.1', null, null]],
  ]
  it.each(requests)(
    'serves a connection without a header that begins with %s, cut anywhere',
    async (_, request, told) => {
      const server = await serveProxied({ proxyProtocol: 'optional' })
      expect(await toldTo(server, request)).toEqual(told)
      for (const cut of cutsOf(request)) {
        const peer = await connectPeer(server.port)
        await sendPieces(peer, cut)
        expect(JSON.parse((await peer.response()).text), `cut after ${cut[0].length}`).toEqual(told)
        peer.destroy()
      }
    },
  )
})

describe("proxyProtocol: 'disable'", () => {
  it.each([
    ['version 1', v1],
    ['version 2', v2(0x21, 0x11, ipv4)],
  ])('takes a header of %s for a malformed request', async (_version, header) => {
    const server = await serve(tell)
    const peer = await connectPeer(server.port)
    const answers = await peer.send(header + get()).responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([400])
  })
})

describe('a malformed PROXY header', () => {
  const line = (text: string): string => `PROXY ${text}\r\n`
  const bad: [string, string][] = [
    ['no family', 'PROXY \r\n'],
    ['an unknown family', line('TCP5 192.0.2.7 198.51.100.1 1 443')],
    ['a family in lower case', line('tcp4 192.0.2.7 198.51.100.1 1 443')],
    ['UNKNOWN misspelt', line('UNKNOWNS')],
    ['no addresses', line('TCP4')],
    ['a port missing', line('TCP4 192.0.2.7 198.51.100.1 1')],
    ['a word too many', line('TCP4 192.0.2.7 198.51.100.1 1 443 x')],
    ['a space at its end', line('TCP4 192.0.2.7 198.51.100.1 1 443 ')],
    ['two spaces', line('TCP4  192.0.2.7 198.51.100.1 1 443')],
    ['a tab', line('TCP4\t192.0.2.7 198.51.100.1 1 443')],
    ['an octet over 255', line('TCP4 192.0.2.256 198.51.100.1 1 443')],
    ['an octet with a leading zero', line('TCP4 192.0.02.7 198.51.100.1 1 443')],
    ['three octets', line('TCP4 192.0.2 198.51.100.1 1 443')],
    ['five octets', line('TCP4 192.0.2.7.1 198.51.100.1 1 443')],
    ['a hexadecimal octet', line('TCP4 0xc0.0.2.7 198.51.100.1 1 443')],
    ['a bad destination', line('TCP4 192.0.2.7 example.org 1 443')],
    ['an IPv6 address in TCP4', line('TCP4 2001:db8::1 198.51.100.1 1 443')],
    ['an IPv4 address in TCP6', line('TCP6 192.0.2.7 198.51.100.1 1 443')],
    ['three colons', line('TCP6 2001:::1 2001:db8::1 1 443')],
    ['two gaps', line('TCP6 1::2::3 2001:db8::1 1 443')],
    ['nine groups', line('TCP6 1:2:3:4:5:6:7:8:9 2001:db8::1 1 443')],
    ['a group of five digits', line('TCP6 12345:: 2001:db8::1 1 443')],
    ['a zone', line('TCP6 fe80::1%eth0 2001:db8::1 1 443')],
    ['brackets', line('TCP6 [::1] [::1] 1 443')],
    ['port 0', line('TCP4 192.0.2.7 198.51.100.1 1 0')],
    ['a source port 0', line('TCP4 192.0.2.7 198.51.100.1 0 443')],
    ['a port over 65535', line('TCP4 192.0.2.7 198.51.100.1 1 65536')],
    ['a port with a leading zero', line('TCP4 192.0.2.7 198.51.100.1 1 0443')],
    ['a port with a sign', line('TCP4 192.0.2.7 198.51.100.1 1 +443')],
    ['a port that is no number', line('TCP4 192.0.2.7 198.51.100.1 1 https')],
    ['a bare line feed', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 443\n'],
    ['a bare carriage return', 'PROXY TCP4 192.0.2.7 198.51.100.1 1 443\rx\r\n'],
    ['a line of more than 107 bytes', line(`UNKNOWN ${'x'.repeat(93)}`)],
    ['a line that never ends', `PROXY UNKNOWN ${'x'.repeat(200)}`],
    ['a broken signature of version 2', `${signature.slice(0, 8)}\nQUIX${v2(0x21, 0x11, ipv4).slice(12)}`],
    ['version 1 in a header of version 2', v2(0x11, 0x11, ipv4)],
    ['version 3', v2(0x31, 0x11, ipv4)],
    ['an unknown command', v2(0x22, 0x11, ipv4)],
    ['an unknown family of version 2', v2(0x21, 0x41, ipv4)],
    ['an IPv4 block that is too short', v2(0x21, 0x11, ipv4.slice(0, 11))],
    ['an IPv6 block that is too short', v2(0x21, 0x21, ipv6.slice(0, 35))],
    ['no addresses at all in version 2', v2(0x21, 0x11)],
  ]

  it.each(bad)('with %s is answered with 400, and nothing after it is served', async (_what, header) => {
    const server = await serveProxied()
    const peer = await connectPeer(server.port)
    const answers = await peer.send(header + get()).responsesUntilEnd()
    expect(answers.map(({ status }) => status)).toEqual([400])
    expect(answers[0]!.header('connection')).toBe('close')
    expect(server.stats()).toMatchObject({ served: 0, rejected: 1 })
  })

  it('has no way into the handler where the header is optional', async () => {
    const server = await serveProxied({ proxyProtocol: 'optional' })
    for (const [what, header] of bad) {
      const peer = await connectPeer(server.port)
      const answers = await peer.send(header + get()).responsesUntilEnd()
      expect(
        answers.map(({ status }) => status),
        what,
      ).toEqual([400])
    }
    expect(server.stats().served).toBe(0)
  })
})

describe('a PROXY header that does not come', () => {
  it.each([
    ['nothing', ''],
    ['a part of version 1', v1.slice(0, -1)],
    ['a part of version 2', v2(0x21, 0x11, ipv4).slice(0, -1)],
    ['version 2 without what its length says', v2(0x21, 0x11, [...ipv4, ...tlv(4, 60_000)]).slice(0, 30_000)],
  ])('has its connection closed after headersTimeout, where %s came', async (_what, bytes) => {
    const server = await serveProxied({ headersTimeout: 200 })
    const peer = await connectPeer(server.port)
    const start = performance.now()
    if (bytes !== '') peer.send(bytes)
    await peer.closed()
    expect(performance.now() - start).toBeGreaterThan(150)
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('has its connection closed after headersTimeout, also while it dribbles', async () => {
    const server = await serveProxied({ headersTimeout: 300 })
    const peer = await connectPeer(server.port)
    peer.send(v2(0x21, 0x11, [...ipv4, ...tlv(4, 60_000)]).slice(0, 100))
    const dribble = setInterval(() => peer.send('a'), 50)
    const start = performance.now()
    try {
      await Promise.race([peer.closed(), new Promise((resolve) => setTimeout(resolve, 3000))])
    } finally {
      clearInterval(dribble)
    }
    expect(performance.now() - start).toBeLessThan(1500)
  })

  it.each([
    ['Infinity', Number.POSITIVE_INFINITY],
    ['more than a timer can hold', 2 ** 31],
  ])('is waited for where headersTimeout is %s', async (_what, headersTimeout) => {
    const server = await serveProxied({ headersTimeout })
    const peer = await connectPeer(server.port)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(JSON.parse((await peer.send(v1 + get()).response()).text)).toEqual(proxied)
  })

  it('costs its own connection only, when the peer leaves or resets', async () => {
    const server = await serveProxied()
    for (const bytes of ['', v1.slice(0, 5), v1.slice(0, -1), v2(0x21, 0x11, ipv4).slice(0, 14)]) {
      const leaving = await connectPeer(server.port)
      leaving.send(bytes).finish()
      await leaving.closed()
      const resetting = await connectPeer(server.port)
      await resetting.send(bytes).flushed()
      resetting.reset()
    }
    expect(await toldTo(server, v1 + get())).toEqual(proxied)
    expect(server.errors).toEqual([])
  })

  it('does not hold up a graceful stop', async () => {
    const server = await serveProxied()
    const silent = await connectPeer(server.port)
    const served = await connectPeer(server.port)
    await served.send(v1 + get()).response()
    served.destroy()
    await until(() => server.stats().connections === 0)
    const start = performance.now()
    const stopped = server.stop({ timeout: 6000 })
    await silent.closed()
    silent.destroy()
    await stopped
    expect(performance.now() - start).toBeLessThan(4000)
  })
})

describe('the option proxyProtocol', () => {
  it.each(['on', true, 'Enable', ''])('has runServer reject %o', async (proxyProtocol) => {
    const options = { ip: '127.0.0.1', port: 0, proxyProtocol: proxyProtocol as 'enable' }
    await expect(runServer(() => ({}), options).then((server) => server.stop())).rejects.toThrow(TypeError)
  })
})

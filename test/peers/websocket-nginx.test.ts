// WebSockets through nginx, as people run it in front of a server, with ws and openWebSocket as its clients.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openWebSocket } from '../../src/client.js'
import type { Channel, ChannelHandlers, Handler, ServerOptions } from '../../src/server.js'
import { type Certificate, hasOpenssl, makeCertificate } from '../support/certificate.js'
import { freePort, nginx, startNginx } from '../support/nginx.js'
import { type Program, temporaryFolder } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { until } from '../support/waiting.js'
import {
  abnormal,
  bytesOf,
  ChannelLog,
  closeCodes,
  connectWs,
  echoes,
  expectMessages,
  type Inbox,
  logged,
  type Message,
  sizes,
  textOfSize,
  type WsPeer,
} from '../support/websocket-peers.js'

interface Proxied {
  /** nginx’s, and behind it the server’s. */
  url: string
  server: TestServer
  logs: Inbox<ChannelLog>
  program: Program
}

/** Who speaks TLS: nobody, nginx, or the server behind it. */
type Speaker = 'nobody' | 'nginx' | 'server'

let certificate: Certificate | undefined

beforeAll(() => {
  if (hasOpenssl) certificate = makeCertificate()
})

/** Runs a server, and an nginx that proxies to it, until the test ends. */
async function proxied(
  also: ChannelHandlers = echoes,
  {
    speaker = 'nobody',
    server: options = {},
    handler,
    settings = '',
  }: { speaker?: Speaker; server?: ServerOptions; handler?: Handler; settings?: string } = {},
): Promise<Proxied> {
  const service = logged(also)
  const tls = speaker === 'server' && { tls: certificate! }
  const server = await serve(handler ?? service.handler, { ...options, ...tls })
  const port = await freePort()
  const folder = temporaryFolder()
  if (certificate) writeFileSync(join(folder, 'both.pem'), certificate.cert + certificate.key)
  const http = `
map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
server {
  listen 127.0.0.1:${port} ${speaker === 'nginx' ? 'ssl' : ''};
  ${speaker === 'nginx' ? `ssl_certificate ${folder}/both.pem; ssl_certificate_key ${folder}/both.pem;` : ''}
  location / {
    proxy_pass ${speaker === 'server' ? 'https' : 'http'}://127.0.0.1:${server.port};
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $connection_upgrade;
    proxy_set_header Host $http_host;
    ${settings}
  }
}`
  const program = await startNginx(folder, { http }, port)
  onTestFinished(async () => {
    program.child.kill('SIGTERM')
    await program.exit
  })
  return {
    url: `${speaker === 'nginx' ? 'wss' : 'ws'}://127.0.0.1:${port}/`,
    server,
    logs: service.logs,
    program,
  }
}

/** A client of either make. */
interface Client {
  messages: Inbox<Message>
  closed: Promise<{ code: number | undefined; reason: string }>
  send(message: Message): unknown
  close(code: number, reason: string): unknown
}

interface ClientOptions {
  isCompressing?: boolean
  protocol?: string
}

type Connect = (url: string, options?: ClientOptions) => Promise<Client>

const withWs: Connect = async (url, { isCompressing = false, protocol } = {}) => {
  const { messages, closed, socket } = await connectWs(url, {
    rejectUnauthorized: false,
    perMessageDeflate: isCompressing,
    protocols: protocol === undefined ? [] : [protocol],
  })
  return {
    messages,
    closed,
    send: (message) => socket.send(message),
    close: (code, reason) => socket.close(code, reason),
  }
}

const withOurs: Connect = async (url, { isCompressing = false, protocol } = {}) => {
  const { handlers, messages, closed } = new ChannelLog()
  const options = { insecure: true, compression: isCompressing }
  const channel = await openWebSocket(url, handlers, { ...options, ...(protocol && { protocol }) })
  onTestFinished(() => void channel.close())
  return {
    messages,
    closed,
    send: (message) => channel.send(message),
    close: (code, reason) => channel.close(code, reason),
  }
}

const clients: [name: string, connect: Connect][] = [
  ['ws', withWs],
  ['openWebSocket', withOurs],
]

async function expectEchoes(client: Client, messages: Message[]): Promise<void> {
  for (const message of messages) client.send(message)
  await expectMessages(client.messages, messages)
}

const allSizes = sizes.flatMap((size) => [textOfSize(size), bytesOf(size)])
const title = `nginx before the server${nginx ? '' : ' (skipped: nginx is not installed)'}`

describe.skipIf(!nginx)(title, () => {
  describe.each(clients)('with %s as its client', (_name, connect) => {
    it('passes messages up to 4 MiB on, both ways', async () => {
      const { url } = await proxied()
      await expectEchoes(await connect(url), allSizes)
    })

    it.skipIf(!hasOpenssl).each<Speaker>(['nginx', 'server'])(
      'passes messages on where %s speaks TLS',
      async (speaker) => {
        const { url } = await proxied(echoes, { speaker })
        const client = await connect(url)
        await expectEchoes(client, allSizes)
        client.close(4000, 'done')
        expect(await client.closed).toMatchObject({ code: 4000, reason: 'done' })
      },
    )

    it('passes compressed messages on', async () => {
      const { url, server } = await proxied(echoes, { server: { compression: true } })
      const text = 'over and over again. '.repeat(50_000)
      await expectEchoes(await connect(url, { isCompressing: true }), [text, ...allSizes])
      const plain = allSizes.reduce((sum, message) => sum + Buffer.byteLength(message), 0)
      expect(server.stats().bytesOut).toBeLessThan(plain)
    })

    it.each(closeCodes)('passes on that the client closes with %i', async (code, status) => {
      const { url, logs } = await proxied()
      const client = await connect(url)
      client.close(code, 'größer')
      expect(await (await logs.next()).closed).toEqual({ status, code, reason: 'größer' })
      expect(await client.closed).toMatchObject({ code, reason: 'größer' })
    })

    it.each([1000, 1001, 1011, 3000, 4999])('passes on that the server closes with %i', async (code) => {
      const { url, logs, server } = await proxied()
      const client = await connect(url)
      const channel: Channel = await (await logs.next()).opened
      channel.close(code, 'größer')
      expect(await client.closed).toMatchObject({ code, reason: 'größer' })
      await until(() => server.stats().connections === 0)
    })

    it('is 1006 for both ends when it is killed', async () => {
      const { url, logs, program, server } = await proxied()
      const client = await connect(url)
      const log = await logs.next()
      await expectEchoes(client, ['hello'])
      program.child.kill('SIGTERM')
      expect(await client.closed).toMatchObject({ code: 1006 })
      expect(await log.closed).toEqual(abnormal)
      await until(() => server.stats().connections === 0)
    })

    it('passes 1001 on when the server stops', async () => {
      const { url, server, logs } = await proxied()
      const all = await Promise.all(Array.from({ length: 10 }, () => connect(url)))
      await logs.take(10)
      await server.stop()
      for (const { closed } of all) expect(await closed).toMatchObject({ code: 1001 })
    })

    it('passes on which sub-protocol was chosen', async () => {
      let chosen: string | undefined
      const { url } = await proxied(echoes, {
        handler: (req) => {
          chosen = req.headers['sec-websocket-protocol']
          return { listener: { onMessage: (socket, message) => socket.send(message) }, protocol: 'chat' }
        },
      })
      // Each of the two clients would refuse a sub-protocol that it did not ask for.
      await expectEchoes(await connect(url, { protocol: 'chat' }), ['hello'])
      expect(chosen).toBe('chat')
    })

    it('keeps 100 WebSockets apart', async () => {
      const { url, server } = await proxied()
      const all = await Promise.all(Array.from({ length: 100 }, () => connect(url)))
      expect(server.stats().websockets).toBe(100)
      for (let turn = 0; turn < 20; turn++) {
        for (const [lane, client] of all.entries()) client.send(`${lane} ${turn}`)
      }
      for (const [lane, { messages }] of all.entries()) {
        expect(await messages.take(20)).toEqual(Array.from({ length: 20 }, (_, turn) => `${lane} ${turn}`))
      }
    })

    it('cuts a WebSocket that is silent for longer than proxy_read_timeout', async () => {
      const { url, logs } = await proxied(echoes, { settings: 'proxy_read_timeout 1s;' })
      const client = await connect(url)
      expect(await (await logs.next()).closed).toEqual(abnormal)
      expect(await client.closed).toMatchObject({ code: 1006 })
    })

    it('leaves one alone that has a heartbeat', async () => {
      const also = { ...echoes, heartbeat: 200 }
      const { url, logs } = await proxied(also, { settings: 'proxy_read_timeout 1s;' })
      const client = await connect(url)
      const log = await logs.next()
      await log.pongs.take(8)
      await expectEchoes(client, ['still here'])
      expect(log.calls).not.toContain('onClose')
    })
  })

  it('passes on that a WebSocket is refused', async () => {
    const { url } = await proxied(echoes, { handler: () => ({ status: 403, headers: { 'X-Why': 'no' } }) })
    const refused = openWebSocket(url, {})
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_WEBSOCKET_REFUSED',
      status: 403,
      headers: { 'x-why': 'no' },
    })
    await expect(connectWs(url)).rejects.toThrow('Unexpected server response: 403')
  })

  it('passes pings on, and the answers back', async () => {
    const { url, logs } = await proxied()
    const peer: WsPeer = await connectWs(url)
    peer.socket.ping('are you there')
    expect(await peer.pongs.next()).toBe('are you there')
    expect(await (await logs.next()).pings.next()).toBe('are you there')
  })
})

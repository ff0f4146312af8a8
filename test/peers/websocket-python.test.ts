// Python's websockets (Debian's python3-websockets), as client against the server and as server against openWebSocket.

import { spawnSync } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openWebSocket } from '../../src/client.js'
import type { Channel, ChannelHandlers, DeflateOptions, Handler, ServerOptions } from '../../src/server.js'
import { root } from '../support/built.js'
import { type Program, run, start } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { until } from '../support/waiting.js'
import {
  abnormal,
  bytesOf,
  ChannelLog,
  echoes,
  expectMessages,
  logged,
  type Message,
  sizes,
  textOfSize,
} from '../support/websocket-peers.js'

// Debian installs for its own Python, which may not be the first one found.
const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import websockets']).status === 0,
)
const missing = python ? '' : ' (skipped: python3-websockets is not installed)'

interface PythonOptions {
  compression?: 'deflate' | null
  subprotocols?: string[]
  origins?: string[]
}

const plain: PythonOptions = { compression: null }

/** Ways to keep less, whichever end is ours. */
const narrowed: [title: string, ours: DeflateOptions, theirs: PythonOptions][] = [
  [
    'without context takeover',
    { threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true },
    { compression: 'deflate' },
  ],
  [
    'with the smallest windows',
    { threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
    { compression: 'deflate' },
  ],
]

describe.skipIf(!python)(`python-websockets as a client${missing}`, () => {
  /** Lets the client go through a scenario, with a WebSocket unless `handler` says otherwise. */
  async function play(
    scenario: string,
    {
      also = echoes,
      server: serverOptions = {},
      client = plain,
      handler,
    }: { also?: ChannelHandlers; server?: ServerOptions; client?: PythonOptions; handler?: Handler } = {},
  ): Promise<{ told: Record<string, unknown>; logs: ChannelLog[]; server: TestServer }> {
    const service = logged(also)
    const server = await serve(handler ?? service.handler, serverOptions)
    const url = `ws://127.0.0.1:${server.port}/`
    const script = `${root}test/support/websockets-client.py`
    const { code, stdout, stderr } = await run(python!, [script, url, scenario, JSON.stringify(client)])
    expect(code, stderr).toBe(0)
    return { told: JSON.parse(stdout), logs: service.logs.all, server }
  }

  it.each<[string, ServerOptions['compression'], PythonOptions]>([
    ['without compression', false, plain],
    ['with compression', true, { compression: 'deflate' }],
    ['with compression of everything', { threshold: 0 }, { compression: 'deflate' }],
    ...narrowed,
    ['with compression that the server does not want', false, { compression: 'deflate' }],
  ])('sends and reads messages up to 4 MiB, %s', async (_how, compression, client) => {
    const { told, logs } = await play('echo', { server: { compression: compression! }, client })
    expect(told).toMatchObject({ same: 4 * sizes.length, code: 4001, reason: 'done' })
    expect(await logs[0]!.closed).toEqual({ status: 'unknown', code: 4001, reason: 'done' })
  })

  it.each<[string, ServerOptions['compression'], PythonOptions]>([
    ['plain', false, plain],
    ['compressed', true, { compression: 'deflate' }],
  ])('sends in fragments, with pings in between (%s)', async (_how, compression, client) => {
    const { told, logs } = await play('fragments', { server: { compression: compression! }, client })
    expect(told).toMatchObject({ same: [true, true] })
    expect(logs[0]!.pings.all).toHaveLength(110)
  })

  it('has its pings answered', async () => {
    const { told, logs } = await play('ping')
    expect(told).toMatchObject({ ponged: true })
    expect(logs[0]!.pings.all).toEqual(['are you there'])
  })

  it('keeps 50 connections in order', async () => {
    const { told, logs, server } = await play('many')
    expect(told).toEqual({ inOrder: 50 })
    for (const log of logs) expect(await log.closed).toMatchObject({ code: 1000 })
    await until(() => server.stats().connections === 0)
  })

  it('closes with a code and a reason', async () => {
    const { told, logs } = await play('close')
    expect(told).toMatchObject({ code: 4000, reason: 'größer' })
    expect(await logs[0]!.closed).toEqual({ status: 'unknown', code: 4000, reason: 'größer' })
  })

  it('is closed with a code and a reason, after the messages before', async () => {
    const sendsAndCloses: ChannelHandlers = {
      onOpen(channel) {
        for (let sent = 0; sent < 3; sent++) channel.send(String(sent))
        channel.close(3000, 'größer')
      },
    }
    const { told, logs } = await play('listen', { also: sendsAndCloses })
    expect(told).toMatchObject({ messages: ['0', '1', '2'], code: 3000, reason: 'größer' })
    expect(await logs[0]!.closed).toEqual({ status: 'server-close', code: 3000, reason: 'größer' })
  })

  it('that drops its connection is 1006', async () => {
    const { logs } = await play('drop')
    expect(await logs[0]!.closed).toEqual(abnormal)
  })

  it('speaks the sub-protocol that both know', async () => {
    const also = { ...echoes, protocol: ['b', 'a'] }
    const { told } = await play('ping', { also, client: { ...plain, subprotocols: ['a', 'b'] } })
    expect(told).toMatchObject({ subprotocol: 'b' })
  })

  it('reads that it is refused', async () => {
    const { told } = await play('refused', { handler: () => ({ status: 403, body: 'no' }) })
    expect(told).toEqual({ refused: true, status: 403 })
  })
})

describe.skipIf(!python)(`python-websockets as a server${missing}`, () => {
  type Options = NonNullable<Parameters<typeof openWebSocket>[2]>

  interface Service {
    program: Program
    url: string
  }

  async function startServer(options: PythonOptions = plain): Promise<Service> {
    const script = `${root}test/support/websockets-server.py`
    const program = start(python!, [script, JSON.stringify(options)])
    const [port] = await program.prints(/^\d+(?=\n)/)
    return { program, url: `ws://127.0.0.1:${port}` }
  }

  /** How the connection to this path ended, as the server has it. */
  async function endOf({ program }: Service, path: string): Promise<[code: number, reason: string]> {
    const [line] = await program.prints(new RegExp(`^\\["${path}".*\\]$`, 'm'))
    return JSON.parse(line).slice(1)
  }

  async function open(url: string, options: Options = {}): Promise<{ channel: Channel; log: ChannelLog }> {
    const log = new ChannelLog()
    const channel = await openWebSocket(url, log.handlers, options)
    onTestFinished(() => void channel.close())
    return { channel, log }
  }

  async function expectEchoes(url: string, options: Options, messages: Message[]): Promise<void> {
    const { channel, log } = await open(url, options)
    for (const message of messages) channel.send(message)
    await expectMessages(log.messages, messages)
  }

  const messages = sizes.flatMap((size) => [textOfSize(size), bytesOf(size)])

  it.each<[string, Options['compression'], PythonOptions]>([
    ['without compression', false, plain],
    ['with compression', true, { compression: 'deflate' }],
    ...narrowed,
    ['with compression that the server does not want', true, plain],
  ])('has messages up to 4 MiB sent and read, %s', async (_how, compression, options) => {
    const { url } = await startServer(options)
    await expectEchoes(`${url}/echo`, { compression: compression! }, messages)
  })

  it.each<[string, PythonOptions]>([
    ['plain', plain],
    ['compressed', { compression: 'deflate' }],
  ])('answers in fragments (%s)', async (_how, options) => {
    const { url } = await startServer(options)
    const compression = options.compression === 'deflate'
    await expectEchoes(`${url}/fragments`, { compression }, [textOfSize(500), bytesOf(1_000_000), 'x'])
  })

  it('has its pings answered', async () => {
    const { url } = await startServer()
    const { log } = await open(`${url}/ping`)
    expect(await log.messages.next()).toBe('ponged')
    expect(log.pings.all).toEqual(['are you there'])
  })

  it('closes with a code and a reason', async () => {
    const service = await startServer()
    const { log } = await open(`${service.url}/close/3001/enough`)
    expect(await log.closed).toEqual({ status: 'unknown', code: 3001, reason: 'enough' })
    expect(await endOf(service, '/close/3001/enough')).toEqual([3001, 'enough'])
  })

  it('is closed with a code and a reason', async () => {
    const service = await startServer()
    const { channel, log } = await open(`${service.url}/echo`)
    channel.close(4000, 'größer')
    expect(await log.closed).toEqual({ status: 'client-close', code: 4000, reason: 'größer' })
    expect(await endOf(service, '/echo')).toEqual([4000, 'größer'])
  })

  it('that drops the connection is 1006', async () => {
    const { url } = await startServer()
    const { log } = await open(`${url}/drop`)
    expect(await log.closed).toEqual(abnormal)
  })

  it('that is killed is 1006', async () => {
    const { program, url } = await startServer()
    const { log } = await open(`${url}/echo`)
    program.child.kill('SIGKILL')
    expect(await log.closed).toEqual(abnormal)
  })

  it('speaks the sub-protocol that both know', async () => {
    const { url } = await startServer({ ...plain, subprotocols: ['b', 'a'] })
    await expectEchoes(`${url}/echo`, { protocol: ['a', 'b'] }, ['spoken'])
  })

  it('that does not like where a page comes from refuses it', async () => {
    const { url } = await startServer({ ...plain, origins: ['https://example.org'] })
    const refused = openWebSocket(`${url}/echo`, {}, { headers: { Origin: 'https://example.com' } })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_WEBSOCKET_REFUSED', status: 403 })
    await expectEchoes(`${url}/echo`, { headers: { Origin: 'https://example.org' } }, ['liked'])
  })
})

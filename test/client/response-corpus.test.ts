// The corpus of responses, over sockets: each case's bytes answer a request, whole, bit by bit and cut at every place, and
// what the client made of them is written down as lines. Every worker has a client of its own and asks for one thing
// after another, so that the next request shows whether a connection was kept.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type TcpNetConnectOpts } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Client,
  type ClientOptions,
  type ClientResponse,
  HttpKitError,
  makeClient,
  type SocketAddress,
} from '../../src/client.js'
import { ProtocolError } from '../../src/core.js'
import { hasOpenssl, makeCertificate } from '../support/certificate.js'
import { sendPieces } from '../support/drip-feed.js'
import { type ResponseCase, readResponseCorpus } from '../support/response-corpus.js'
import {
  openScriptedServer,
  type Script,
  type ScriptedConnection,
  type ScriptedServer,
} from '../support/scripted-server.js'
import { type Deferred, deferred, until } from '../support/waiting.js'

const WORKERS = 24
/** Bytes up to which an answer is sent byte by byte, and cut at every place. */
const SHORT = 700
/** Milliseconds after which a client gives up, or a connection counts as kept. */
const PATIENCE_MS = 5000
const LONG_MS = 120_000

const cases = readResponseCorpus()

interface Talk {
  one: ResponseCase
  pieces: readonly Uint8Array[]
  /** On which the request came: more than one where it was sent again. */
  connections: ScriptedConnection[]
  sent: Deferred<void>
}

const talks: Talk[] = []
const folder = mkdtempSync(join(tmpdir(), 'httpkit-test-'))

const script: Script = async (connection) => {
  for (;;) {
    const { target } = await connection.request()
    await play(talks[Number(target.slice(1))]!, connection)
  }
}

/** How bytes come to the client: each way has its own path through it. */
interface Way {
  server: ScriptedServer
  options: ClientOptions
}

const ways = new Map<string, Way>()

beforeAll(async () => {
  const server = await openScriptedServer({}, script)
  ways.set('TCP', { server, options: {} }).set('a Duplex', { server, options: { connect: asDuplex } })
  const path = join(folder, 'socket')
  const local = await openScriptedServer({ path }, script)
  ways.set('Unix', { server: local, options: { addressFinder: () => ({ path }) } })
  if (!hasOpenssl) return
  const { key, cert } = makeCertificate()
  const overTls = await openScriptedServer({ tls: { key, cert } }, script)
  ways.set('TLS', { server: overTls, options: { tls: { ca: cert } } })
})

afterAll(async () => {
  for (const { server } of ways.values()) await server.close()
  rmSync(folder, { recursive: true })
})

function asDuplex(address: SocketAddress): Duplex {
  const socket = connect(address as TcpNetConnectOpts).setNoDelay()
  return Duplex.from({ readable: socket, writable: socket })
}

async function play({ one, pieces, connections, sent }: Talk, connection: ScriptedConnection): Promise<void> {
  connections.push(connection)
  try {
    await sendPieces(connection, pieces)
    if (one.ending === 'fin') connection.finish()
    // What has been sent is read first, or the reset overtakes it.
    if (one.ending === 'reset') await turns()
    if (one.ending === 'reset') connection.reset()
  } catch {
    // A client that does not like what it reads closes before all has been sent.
  } finally {
    sent.resolve()
  }
}

// The event loop's, as many as it takes to get round to every worker.
async function turns(): Promise<void> {
  for (let turn = 0; turn < WORKERS + 10; turn++) await setImmediate()
}

// What the client made of it, in the words of the corpus.

type Reading = (client: Client, url: string, method: string) => Promise<string[]>

const asBytes: Reading = async (client, url, method) => {
  const response = await client.request({ url, method, as: 'byteArray', ...asItComes })
  return response.error ? errorLines(response) : answerLines(response, response.body as Uint8Array)
}

const asStream: Reading = async (client, url, method) => {
  const response = await client.request({ url, method, as: 'stream', ...asItComes })
  if (response.error) return errorLines(response)
  const pieces: Uint8Array[] = []
  try {
    for await (const piece of response.body as AsyncIterable<Uint8Array>) pieces.push(piece)
  } catch (error) {
    return [errorLine(error)]
  }
  return answerLines(response, Buffer.concat(pieces))
}

const asItComes = { followRedirects: false, idleTimeout: PATIENCE_MS }

function errorLines(response: ClientResponse): string[] {
  const { error, opts, ...rest } = response
  const tooMuch = Object.keys(rest).map((key) => `and, beside the error, ${key}`)
  return [errorLine(error), ...(opts ? [] : ['and no opts']), ...tooMuch]
}

function errorLine(error: unknown): string {
  if (!(error instanceof HttpKitError)) return `no error of ours: ${error}`
  return ['error', error.code, ...(error.cause instanceof ProtocolError ? [error.cause.code] : [])].join(' ')
}

function answerLines({ status, headers, trailers }: ClientResponse, body: Uint8Array): string[] {
  return [
    `status ${status}`,
    ...fieldLines(headers!).map((line) => `  ${line}`),
    ...(body.length > 0 ? [`body "${Buffer.from(body).toString('latin1')}"`] : []),
    ...fieldLines(trailers ?? {}).map((line) => `trailer ${line}`),
  ]
}

function fieldLines(fields: Record<string, string | string[]>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
}

// One request after another.

class Worker {
  private readonly server: ScriptedServer
  private readonly client: Client
  private kept: ScriptedConnection | undefined

  constructor({ server, options }: Way) {
    this.server = server
    this.client = makeClient(options)
  }

  async converse(one: ResponseCase, pieces: readonly Uint8Array[], read: Reading): Promise<string[]> {
    const talk: Talk = { one, pieces, connections: [], sent: deferred() }
    const number = talks.push(talk) - 1
    const lines = await read(this.client, this.server.url(`/${number}`), one.method)
    if (talk.connections.length === 0) return [...lines, 'nothing was sent']
    if (this.kept && talk.connections[0] !== this.kept) lines.push('the connection that was kept is not used')
    await talk.sent.promise
    const connection = talk.connections.at(-1)!
    const isClosed = await closes(connection, one.answer.at(-1) !== 'kept')
    this.kept = isClosed ? undefined : connection
    if (one.answer.length > 1 || !isClosed) lines.push(isClosed ? 'closed' : 'kept')
    return lines
  }

  close(): Promise<void> {
    return this.client.close()
  }
}

async function closes({ socket }: ScriptedConnection, isExpected: boolean): Promise<boolean> {
  const isOver = () => socket.readableEnded || socket.destroyed
  if (isExpected) await until(isOver, PATIENCE_MS).catch(() => {})
  else await turns()
  return isOver()
}

/** All talks, in the order given, shared out among the workers. */
async function converseAll(
  wanted: Iterable<readonly [one: ResponseCase, pieces: readonly Uint8Array[]]>,
  read: Reading,
  way: Way,
  take: (one: ResponseCase, lines: string[], pieces: readonly Uint8Array[]) => void,
): Promise<void> {
  const waiting = wanted[Symbol.iterator]()
  const busy = Array.from({ length: WORKERS }, async () => {
    const worker = new Worker(way)
    for (let next = waiting.next(); !next.done; next = waiting.next()) {
      const [one, pieces] = next.value
      take(one, await worker.converse(one, pieces, read), pieces)
    }
    await worker.close()
  })
  await Promise.all(busy)
}

const whole = ({ bytes }: ResponseCase) => [bytes]

/** Places to cut at: all, or where it is long those near its ends and some between. */
function cuts({ bytes }: ResponseCase): number[] {
  const all = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, index) => index + 1)
  if (bytes.length <= SHORT) return all
  const firstLine = bytes.indexOf(0x0a)
  const spread = [1, 2, 3, 4, 5, 6, 7].map((eighth) => Math.floor((bytes.length * eighth) / 8))
  const near = [1, firstLine, firstLine + 1, bytes.length - 3, bytes.length - 2, bytes.length - 1]
  return [...new Set([...near, ...spread])].sort((a, b) => a - b)
}

function bits(one: ResponseCase): Uint8Array[] {
  const ends = [...cuts(one), one.bytes.length]
  return ends.map((end, index) => one.bytes.subarray(ends[index - 1] ?? 0, end))
}

describe.each([
  ['whole', whole, asBytes, 'TCP'],
  ['bit by bit', bits, asBytes, 'TCP'],
  ['whole, to one who reads a stream', whole, asStream, 'TCP'],
  ['bit by bit, to one who reads a stream', bits, asStream, 'TCP'],
  ['whole, over TLS', whole, asBytes, 'TLS'],
  ['bit by bit, over TLS', bits, asBytes, 'TLS'],
  ['whole, over a Unix socket', whole, asBytes, 'Unix'],
  ['bit by bit, over a Unix socket', bits, asBytes, 'Unix'],
  ['whole, through a Duplex of the user’s own', whole, asBytes, 'a Duplex'],
  ['bit by bit, through a Duplex of the user’s own', bits, asStream, 'a Duplex'],
] as const)('sent %s', (_, piecesOf, read, way) => {
  const seen = new Map<ResponseCase, string[]>()
  const isMissing = way === 'TLS' && !hasOpenssl
  // What is no TCP cannot be reset.
  const played = cases.filter(({ ending }) => way !== 'Unix' || ending !== 'reset')

  beforeAll(async () => {
    if (isMissing) return
    const wanted = played.map((one) => [one, piecesOf(one)] as const)
    await converseAll(wanted, read, ways.get(way)!, (one, lines) => seen.set(one, lines))
  }, LONG_MS)

  for (const one of played) {
    it.skipIf(isMissing)(`${one.file}: ${one.title}`, () => {
      expect(seen.get(one)).toEqual(one.answer)
    })
  }
})

describe('sent in two parts, cut at every place', () => {
  const faults = new Map<ResponseCase, { cutAt: number; lines: string[] }>()

  function* inTwo(): Iterable<readonly [ResponseCase, Uint8Array[]]> {
    for (const one of cases) {
      for (const cut of cuts(one)) {
        if (faults.has(one)) break
        yield [one, [one.bytes.subarray(0, cut), one.bytes.subarray(cut)]]
      }
    }
  }

  beforeAll(
    () =>
      converseAll(inTwo(), asBytes, ways.get('TCP')!, (one, lines, pieces) => {
        const isRight =
          lines.length === one.answer.length && lines.every((line, at) => line === one.answer[at])
        if (!isRight && !faults.has(one)) faults.set(one, { cutAt: pieces[0]!.length, lines })
      }),
    LONG_MS,
  )

  for (const one of cases.filter(({ bytes }) => bytes.length > 1)) {
    it(`${one.file}: ${one.title}`, () => {
      const fault = faults.get(one)
      expect(fault?.lines ?? one.answer, `cut at ${fault?.cutAt}`).toEqual(one.answer)
    })
  }
})

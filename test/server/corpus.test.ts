// The corpus once more, over sockets: each case's bytes are sent to a server, whole and bit by bit, and what its handler
// saw and the client read are written down as lines. A handler tells what it saw in a field of its answer, so one
// server can talk to many clients at once.
import { connect } from 'node:net'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Handler, type HttpServer, type RingRequest, runServer } from '../../src/server.js'
import { type CorpusCase, readCorpus } from '../support/corpus.js'
import { sendPieces } from '../support/drip-feed.js'
import { RawPeer, type RawResponse } from '../support/raw-peer.js'
import { cutAt, cutEvery, replay } from '../support/replay.js'
import { until } from '../support/waiting.js'

/** Connections at once. */
const CLIENTS = 48
/** Bytes up to which an input is sent byte by byte. */
const SHORT = 700
/** Milliseconds in which a server that has nothing to say must not say anything. */
const QUIET_MS = 25
/** Milliseconds without a byte after which a client gives up. */
const PATIENCE_MS = 2000
const LONG_MS = 60_000
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

const cases = readCorpus()
const rejections: unknown[] = []
const logged: unknown[] = []

const promptHandler: Handler = async (req) => ({
  headers: { 'X-Seen': encodeURIComponent(JSON.stringify(linesOf(req, await bodyOf(req)))) },
  body: 'ok',
})

// By the time it reads the body, much of it may have come, and of the next requests too.
const slowHandler: Handler = async (req) => {
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  return promptHandler(req)
}

const handlers = { prompt: promptHandler, slow: slowHandler }
type Pace = keyof typeof handlers
const servers = new Map<string, HttpServer>()

async function bodyOf(req: RingRequest): Promise<Uint8Array | undefined> {
  try {
    return await req.body?.bytes()
  } catch (error) {
    rejections.push(error)
    throw error
  }
}

function linesOf(req: RingRequest, body: Uint8Array | undefined): string[] {
  const target = req.queryString === undefined ? req.uri : `${req.uri}?${req.queryString}`
  return [
    `request ${req.requestMethod.toUpperCase()} ${target} ${req.protocol}`,
    ...Object.entries(req.headers).map(([name, value]) => `  ${name}: ${value}`),
    ...(body?.length ? [`body "${Buffer.from(body).toString('latin1')}"`] : []),
  ]
}

beforeAll(async () => {
  const errorLogger = (_message: string, error?: unknown) => logged.push(error)
  for (const pace of ['prompt', 'slow'] as const) {
    for (const one of cases) {
      const key = keyOf(one, pace)
      if (servers.has(key)) continue
      const options = { ...one.limits, port: 0, ip: '127.0.0.1', errorLogger }
      servers.set(key, await runServer(handlers[pace], options))
    }
  }
})

afterAll(() => Promise.all([...servers.values()].map((server) => server.stop())))

function keyOf({ limits }: CorpusCase, pace: Pace): string {
  return pace + JSON.stringify(limits)
}

function serverOf(one: CorpusCase, pace: Pace): HttpServer {
  return servers.get(keyOf(one, pace))!
}

// What is to come, from a case's events.

interface Answer {
  method: string
  isAfterContinue: boolean
  lines: string[]
}

interface Talk {
  answers: Answer[]
  /** How it goes on: the server closes; or it waits for a head, or for the rest of a body. */
  ending: 'fin' | 'waits' | 'waits for a body'
}

function talkOf({ events }: CorpusCase): Talk {
  const answers: Answer[] = []
  let request: string[] = []
  for (const [index, event] of events.entries()) {
    const [kind, first = '', second = '', version] = event.split(' ')
    const { method, isAfterContinue } = announced(request)
    if (kind === 'request') {
      request = [`request ${first} ${pathOf(second)} ${version}`]
    } else if (kind === 'end') {
      const closes = events[index + 1] === 'close' || method === 'CONNECT' || asksForWebSocket(request)
      answers.push({ method, isAfterContinue, lines: [...request, okLine(request, closes)] })
      if (closes) return { answers, ending: 'fin' }
      request = []
    } else if (kind === 'error') {
      answers.push({ method, isAfterContinue, lines: [refusalLine(second)] })
      return { answers, ending: 'fin' }
    } else if (kind !== 'trailer' && kind !== 'need-more') {
      request.push(event)
    }
  }
  return { answers, ending: request.length > 0 ? 'waits for a body' : 'waits' }
}

// Not refused as a handshake, but answered plainly: nothing behind it is read (RFC 9931).
function asksForWebSocket([line, ...fields]: string[]): boolean {
  return line!.endsWith('/1.1') && fields.some((field) => /^ {2}upgrade: .*\bwebsocket\b/i.test(field))
}

function announced([line, ...fields]: string[]): { method: string; isAfterContinue: boolean } {
  const isAfterContinue = fields.some((field) => /^ {2}expect: 100-continue$/i.test(field))
  return { method: line?.split(' ')[1] ?? '', isAfterContinue }
}

function pathOf(target: string): string {
  const [, rest] = /^https?:\/\/[^/?]+(.*)$/i.exec(target) ?? []
  return rest === undefined ? target : rest.startsWith('/') ? rest : `/${rest}`
}

function okLine([line]: string[], closes: boolean): string {
  const [, method, , version] = line!.split(' ')
  const connection = closes ? 'close' : version === 'HTTP/1.0' ? 'keep-alive' : undefined
  const body = method === 'HEAD' || method === 'CONNECT' ? '' : 'ok'
  return `answer 200 with Date, Connection ${connection}, body ${body}`
}

function refusalLine(status: string): string {
  return `answer ${status} with Date, Connection close, Content-Type text/plain; charset=utf-8`
}

// What came, in the same words.

function linesOfAnswer(answer: RawResponse): string[] {
  const seen = answer.header('x-seen')
  const date = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(answer.header('date') ?? '')
  const rest = seen ? `body ${answer.text}` : `Content-Type ${answer.header('content-type')}`
  return [
    ...(seen ? JSON.parse(decodeURIComponent(seen)) : []),
    `answer ${answer.status} with ${date ? 'Date' : 'no Date'}, Connection ${answer.header('connection')}, ${rest}`,
  ]
}

async function readAnswer(peer: RawPeer, { method, isAfterContinue }: Answer): Promise<string[]> {
  const answer = await peer.response(method)
  const isContinue = answer.status === 100 && isAfterContinue
  return linesOfAnswer(isContinue ? await peer.response(method) : answer)
}

/** Sends the pieces, however early the server may close, and reads to the end; a failure is the last line. */
async function converse(
  one: CorpusCase,
  server: HttpServer,
  pieces: readonly Uint8Array[],
): Promise<string[]> {
  const { answers, ending } = talkOf(one)
  const peer = openPeer(server)
  const lines: string[] = []
  const sent = peer
    .flushed()
    .then(turns)
    .then(() => sendPieces(peer, pieces))
  sent.catch(() => {})
  try {
    for (const answer of answers) lines.push(...(await readAnswer(peer, answer)))
    await sent
    if (ending === 'fin') await peer.ended()
    else await expectQuiet(peer)
    lines.push(ending)
    peer.finish()
    if (ending !== 'fin') lines.push(...(await lastAnswers(peer)).flatMap(linesOfAnswer))
  } catch (error) {
    lines.push(String(error))
  } finally {
    peer.destroy()
  }
  return lines
}

// The 100 that a quiet peer is sent may come only now, on a busy machine.
async function lastAnswers(peer: RawPeer): Promise<RawResponse[]> {
  return (await peer.responsesUntilEnd()).filter(({ status }) => status !== 100)
}

// The event loop's, as many as it takes to get round to every client: it accepts one connection a turn.
async function turns(): Promise<void> {
  for (let turn = 0; turn < CLIENTS + 10; turn++) await setImmediate()
}

async function expectQuiet(peer: RawPeer): Promise<void> {
  await sleep(QUIET_MS)
  await turns()
  if (peer.unread.toString('latin1') === CONTINUE) await peer.response()
  if (peer.unread.length > 0) throw new Error(`bytes that answer nothing: ${peer.unread.toString('latin1')}`)
  if (peer.socket.readableEnded) throw new Error('the server closed')
}

function openPeer({ port }: HttpServer): RawPeer {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  return new RawPeer(socket.setTimeout(PATIENCE_MS, () => socket.destroy()))
}

function expectedLines(one: CorpusCase): string[] {
  const { answers, ending } = talkOf(one)
  const isCutShort = ending === 'waits for a body'
  return [...answers.flatMap(({ lines }) => lines), ending, ...(isCutShort ? [refusalLine('400')] : [])]
}

function bits({ bytes }: CorpusCase): Uint8Array[] {
  if (bytes.length <= SHORT) return cutEvery(bytes, 1)
  const near = [1, bytes.indexOf(0x0a), bytes.indexOf(0x0a) + 1, bytes.length - 3, bytes.length - 1]
  const spread = [1, 2, 3, 4, 5, 6, 7].map((eighth) => Math.floor((bytes.length * eighth) / 8))
  return cutAt(
    bytes,
    [...near, ...spread].sort((a, b) => a - b),
  )
}

const whole = ({ bytes }: CorpusCase) => [bytes]

describe.each([
  ['whole, to a handler that answers promptly', whole, 'prompt'],
  ['bit by bit, to a handler that answers promptly', bits, 'prompt'],
  ['whole, to a handler that takes its time', whole, 'slow'],
  ['bit by bit, to a handler that takes its time', bits, 'slow'],
] as const)('sent %s', (_, piecesOf, pace) => {
  const talks = new Map<CorpusCase, string[]>()

  beforeAll(async () => {
    const waiting = cases.values()
    const clients = Array.from({ length: CLIENTS }, async () => {
      for (const one of waiting) talks.set(one, await converse(one, serverOf(one, pace), piecesOf(one)))
    })
    await Promise.all(clients)
  }, LONG_MS)

  for (const one of cases) {
    it(`${one.file}: ${one.title}`, () => {
      expect(talks.get(one)).toEqual(expectedLines(one))
    })
  }
})

describe('a handler that reads a body', () => {
  function isInBody(events: string[]): boolean {
    return events.lastIndexOf('end') < events.findLastIndex((event) => event.startsWith('request '))
  }

  // The head of the last request, and all before it.
  function throughLastHead({ bytes, limits, events }: CorpusCase): number {
    const requests = (lines: string[]) => lines.filter((line) => line.startsWith('request ')).length
    const ends = Array.from(bytes, (_, at) => at + 1).filter((end) => bytes[end - 1] === 0x0a)
    return ends.find((end) => requests(replay([bytes.subarray(0, end)], limits)) === requests(events))!
  }

  for (const one of cases.filter(({ events }) => /^error/.test(events.at(-1)!) && isInBody(events))) {
    it(`is rejected, and its client refused, ${one.file}: ${one.title}`, async () => {
      const { answers } = talkOf(one)
      const server = serverOf(one, 'prompt')
      const { served } = server.stats()
      const head = throughLastHead(one)
      rejections.length = 0
      const peer = openPeer(server).send(one.bytes.subarray(0, head))
      await until(
        () => server.stats().served === served + answers.length - 1 && server.stats().inFlight === 1,
        PATIENCE_MS,
      )
      peer.send(one.bytes.subarray(head))
      for (const answer of answers) expect(await readAnswer(peer, answer)).toEqual(answer.lines)
      await peer.ended()
      peer.destroy()
      const [, code, status] = one.events.at(-1)!.split(' ')
      expect(rejections).toEqual([expect.objectContaining({ code, status: Number(status) })])
    })
  }
})

describe('the servers', () => {
  it('have no connection and no request left', async () => {
    const left = () => [...servers.values()].map((server) => server.stats())
    await until(() => left().every(({ connections, inFlight }) => connections + inFlight === 0))
  })

  it('have logged no errors: what a peer did wrong is none of ours', () => {
    expect(logged).toEqual([])
  })
})

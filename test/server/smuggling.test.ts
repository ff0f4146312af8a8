// Every payload of test/fuzz/differences/smuggling.js over a socket, behind a good request and in front of another one:
// whole, byte by byte, and cut in two at each line end, to a handler that is prompt; whole and byte by byte to one that takes
// its time. What comes back, and what the handler saw, is exactly what the payload's row says, and nothing else.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/core.js'
import { type HttpServer, runServer, type ServerOptions } from '../../src/server.js'
import { families, next, type Outcome, type Payload } from '../fuzz/differences/smuggling.js'
import { sendPieces } from '../support/drip-feed.js'
import { RawPeer, type RawResponse } from '../support/raw-peer.js'
import { cutAt, cutEvery } from '../support/replay.js'
import { type Seen, seeingHandler } from '../support/smuggling.js'
import { until } from '../support/waiting.js'

const front = 'POST /front HTTP/1.1\r\nHost: front.example\r\nContent-Length: 2\r\n\r\nhi'
const frontSeen = 'POST front.example/front "hi"'
const nextSeen = 'GET next.example/next'

/** Conversations at once, each with a server of its own, whose log is that of one conversation at a time. */
const LANES = 16
/** Bytes up to which a payload is sent byte by byte, and cut at each line end. */
const SHORT = 1500
const PATIENCE_MS = 5000
const LONG_MS = 180_000

interface Lane {
  server: HttpServer
  seen: Seen
}

const lanes: Record<'prompt' | 'slow', Lane[]> = { prompt: [], slow: [] }
const logged: unknown[] = []

beforeAll(async () => {
  for (const pace of ['prompt', 'slow'] as const) {
    for (let lane = 0; lane < LANES; lane++) lanes[pace].push(await openLane(pace === 'slow'))
  }
})

afterAll(() => Promise.all([...lanes.prompt, ...lanes.slow].map(({ server }) => server.stop())))

async function openLane(isSlow: boolean, timeouts: ServerOptions = {}): Promise<Lane> {
  const seen: Seen = { whole: [], broken: [] }
  const server = await runServer(seeingHandler(seen, isSlow), {
    ...timeouts,
    port: 0,
    ip: '127.0.0.1',
    errorLogger: (_message, error) => logged.push(error),
    warnLogger: () => {},
    errorResponse: (_status, error) => ({ headers: { 'X-Code': codeOf(error) }, body: 'refused' }),
  })
  return { server, seen }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : 'HANDLER'
}

// What is to come, as lines.

function linesOf({ requests, statuses, refusal, next: isNext, isSilent, becomes }: Outcome): string[] {
  const saysClose = !isNext && !isSilent && !becomes
  return [
    `saw ${frontSeen}`,
    ...requests.map((request) => `saw ${request}`),
    ...(isNext ? [`saw ${nextSeen}`] : []),
    'answer 200',
    ...statuses.map((status, index) => {
      const isLast = index === statuses.length - 1
      return `answer ${status}${isLast && refusal ? ` ${refusal}` : ''}${isLast && saysClose ? ', close' : ''}`
    }),
    ...(isNext ? ['answer 200'] : []),
    becomes === 'websocket' ? 'frames, and the end' : 'the end',
  ]
}

function methodsOf({ requests, refusal, method = 'GET', next: isNext }: Outcome): string[] {
  const methods = requests.map((request) => request.split(' ', 1)[0]!)
  return ['POST', ...methods, ...(refusal ? [method] : []), ...(isNext ? ['GET'] : [])]
}

// What came, in the same words.

function lineOfAnswer(answer: RawResponse): string {
  const code = answer.header('x-code') ?? 'HANDLER'
  const closes = /(^|, )close$/.test(answer.header('connection') ?? '')
  return `answer ${answer.status}${code === 'HANDLER' ? '' : ` ${code}`}${closes ? ', close' : ''}`
}

async function finalResponse(peer: RawPeer, method: string): Promise<RawResponse> {
  const answer = await peer.response(method)
  return answer.status === 100 ? peer.response(method) : answer
}

/** Sends the pieces, each by itself; before the last of them it waits for as many answers as `answersFirst` says. */
async function converse(
  lane: Lane,
  pieces: readonly Uint8Array[],
  outcome: Outcome,
  answersFirst = 0,
): Promise<string[]> {
  Object.assign(lane.seen, { whole: [], broken: [] })
  const peer = openPeer(lane.server)
  const lines: string[] = []
  try {
    const methods = methodsOf(outcome)
    const sent = answersFirst > 0 ? sendPieces(peer, pieces.slice(0, -1)) : sendPieces(peer, pieces)
    sent.catch(() => {})
    for (const [index, method] of methods.entries()) {
      if (answersFirst > 0 && index === answersFirst) peer.send(pieces.at(-1)!)
      lines.push(lineOfAnswer(await finalResponse(peer, method)))
    }
    if (answersFirst === methods.length) peer.send(pieces.at(-1)!)
    await sent.catch(() => {})
    // Where nothing more is read, the server ends the connection by itself.
    if (outcome.next || outcome.becomes) peer.finish()
    const rest = await peer.bytesUntilEnd()
    lines.push(rest.length === 0 ? 'the end' : endOf(rest, outcome))
  } catch (error) {
    lines.push(String(error))
  } finally {
    peer.destroy()
  }
  return [...lane.seen.whole.map((line) => `saw ${line}`), ...lines]
}

function endOf(rest: Buffer, { becomes }: Outcome): string {
  const text = rest.toString('latin1')
  return becomes && !text.includes('HTTP') ? 'frames, and the end' : `bytes that answer nothing: ${text}`
}

function openPeer({ port }: HttpServer): RawPeer {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
  return new RawPeer(socket.setTimeout(PATIENCE_MS, () => socket.destroy()))
}

// How a payload is cut.

interface Cut {
  name: string
  pieces: Uint8Array[]
  outcome: Outcome
  /** Answers that come before the last piece is sent. */
  answersFirst: number
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'))

function cutsOf({ bytes, expected }: Payload, atLineEnds: boolean): Cut[] {
  const all = bytesOf(front + bytes + next)
  const held = expected.held ?? expected
  const cut = (name: string, pieces: Uint8Array[], outcome: Outcome, answersFirst = 0): Cut => {
    return { name, pieces, outcome, answersFirst }
  }
  const headEnd = bytes.indexOf('\r\n\r\n') + 4
  if (bytes.length > SHORT) {
    if (!expected.part) return [cut('whole', [all], expected)]
    return [cut('in its body', cutAt(all, [front.length + headEnd + SHORT]), expected.part, 2)]
  }
  const cuts = [cut('whole', [all], expected)]
  // Where an answer comes before the body, it matters how much of that has come, and single bytes come together as they like.
  if (!expected.held) cuts.push(cut('byte by byte', cutEvery(all, 1), expected))
  if (!atLineEnds) return cuts
  for (let end = 0; end <= bytes.length; end++) {
    if (end > 0 && bytes[end - 1] !== '\n' && bytes[end - 1] !== '\r') continue
    const late = end < headEnd || end === bytes.length ? undefined : end === headEnd ? held : expected.part
    const pieces = cutAt(all, [front.length + end])
    cuts.push(cut(`cut at ${end}`, pieces, late ?? expected, late && expected.held ? 2 : 0))
  }
  return cuts
}

function brokenBodies({ refusal, requests }: Outcome, { bytes }: Payload): number {
  const inBody = /CHUNK|TRAILER|BARE|FIELD|FOLD|COLON|BODY/.test(refusal ?? '') && bytes.includes('\r\n\r\n')
  return inBody || requests.length > 0 ? 1 : 0
}

const everything = families.flatMap((family) => family.payloads.map((one) => ({ family, one })))
const all = everything.filter(({ one }) => one.pauseAt === undefined)

describe.each(['prompt', 'slow'] as const)('to a handler that is %s', (pace) => {
  const failures = new Map<Payload, string[]>()

  beforeAll(async () => {
    const waiting = all.values()
    await Promise.all(
      lanes[pace].map(async (lane) => {
        for (const { one } of waiting) failures.set(one, await failuresOf(lane, one))
      }),
    )
  }, LONG_MS)

  async function failuresOf(lane: Lane, one: Payload): Promise<string[]> {
    const found: string[] = []
    for (const { name, pieces, outcome, answersFirst } of cutsOf(one, pace === 'prompt')) {
      const came = await converse(lane, pieces, outcome, answersFirst)
      if (lane.seen.broken.length > brokenBodies(outcome, one)) came.push(`broke off: ${lane.seen.broken}`)
      const wanted = linesOf(outcome)
      if (came.join('\n') !== wanted.join('\n')) {
        found.push(`${name}\n  came\n    ${came.join('\n    ')}\n  for\n    ${wanted.join('\n    ')}`)
      }
    }
    return found
  }

  for (const { family, one } of all) {
    it(`${family.family}: ${one.name}`, () => {
      expect(failures.get(one)!.join('\n')).toBe('')
    })
  }
})

describe('a pause', () => {
  for (const { family, one } of everything.filter((row) => row.one.pauseAt !== undefined)) {
    it(`${family.family}: ${one.name}`, async () => {
      const { server, seen } = await openLane(false, { headersTimeout: 80, bodyTimeout: 80 })
      const peer = openPeer(server)
      try {
        const at = front.length + one.pauseAt!
        const bytes = bytesOf(front + one.bytes + next)
        peer.send(bytes.subarray(0, at))
        const lines: string[] = []
        for (const method of methodsOf(one.expected))
          lines.push(lineOfAnswer(await finalResponse(peer, method)))
        await peer.ended()
        await peer
          .send(bytes.subarray(at))
          .flushed()
          .catch(() => {})
        peer.finish()
        await until(() => server.stats().connections === 0)
        const saw = seen.whole.map((line) => `saw ${line}`)
        expect([...saw, ...lines, 'the end']).toEqual(linesOf(one.expected))
      } finally {
        peer.destroy()
        await server.stop()
      }
    })
  }
})

describe('the families', () => {
  it('have a reason for each payload, and no two of one name', () => {
    for (const { family, payloads } of families) {
      const names = payloads.map(({ name }) => name)
      expect([family, new Set(names).size]).toEqual([family, names.length])
      for (const { does, why } of payloads) expect([does, why].every((text) => text.length > 10)).toBe(true)
    }
  })

  it('refuse nothing behind which anything is served', () => {
    for (const { one } of everything) {
      if (one.expected.refusal) expect([one.name, one.expected.next]).toEqual([one.name, false])
    }
  })
})

it('what a peer did wrong is not logged as a fault of the handler', () => {
  expect(logged.filter((error) => error instanceof ProtocolError)).toEqual([])
})

// The corpus of responses, in workerd: each case's bytes answer a request, whole and bit by bit, and what the client made of
// them is written down as lines.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendPieces } from '../../support/drip-feed.js'
import { type ResponseCase, readResponseCorpus } from '../../support/response-corpus.js'
import { openScriptedServer, type ScriptedServer } from '../../support/scripted-server.js'
import { startWorkerd, type Workerd } from './workerd.js'

/** Requests in one event. */
const AT_ONCE = 20
/** Bytes up to which an answer is sent byte by byte. */
const SHORT = 700

interface Told {
  status?: number
  headers?: Record<string, string | string[]>
  trailers?: Record<string, string | string[]>
  bytes?: string
  error?: { code: string; cause?: { name: string; code: string } }
  connections: number
}

// workerd does not tell a reset from an end.
const cases = readResponseCorpus().filter(({ ending }) => ending !== 'reset')

let workerd: Workerd
let server: ScriptedServer
let cut: (one: ResponseCase) => Uint8Array[]

beforeAll(async () => {
  workerd = await startWorkerd()
  server = await openScriptedServer({}, async (connection) => {
    const { target } = await connection.request()
    const one = cases[Number(target.slice(1))]!
    try {
      await sendPieces(connection, cut(one))
      if (one.ending === 'fin') connection.finish()
    } catch {
      // A client that does not like what it reads closes before all has been sent.
    }
  })
})

afterAll(async () => {
  await workerd.stop()
  await server.close()
})

function linesOf({ error, status, headers, trailers, bytes, connections }: Told): string[] {
  if (error !== undefined) {
    const { code, cause } = error
    return [['error', code, ...(cause?.name === 'ProtocolError' ? [cause.code] : [])].join(' ')]
  }
  return [
    `status ${status}`,
    ...fieldLines(headers!).map((line) => `  ${line}`),
    ...(bytes ? [`body "${bytes}"`] : []),
    ...fieldLines(trailers ?? {}).map((line) => `trailer ${line}`),
    connections > 0 ? 'kept' : 'closed',
  ]
}

function fieldLines(fields: Record<string, string | string[]>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => `${name}: ${one}`))
}

const whole = ({ bytes }: ResponseCase): Uint8Array[] => [bytes]

function bits({ bytes }: ResponseCase): Uint8Array[] {
  const size = bytes.length <= SHORT ? 1 : Math.ceil(bytes.length / 8)
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

describe.each([
  ['whole', whole],
  ['bit by bit', bits],
])('sent %s', (_, pieces) => {
  const seen: Told[] = []

  beforeAll(async () => {
    cut = pieces
    const asked = cases.map(({ method, answer }, index) => ({
      options: {
        method,
        url: server.url(`/${index}`),
        as: 'byteArray',
        followRedirects: false,
        idleTimeout: 3000,
      },
      closes: answer.at(-1) !== 'kept',
    }))
    for (let at = 0; at < asked.length; at += AT_ONCE)
      seen.push(...(await workerd.ask('apart', asked.slice(at, at + AT_ONCE))))
  })

  for (const [index, { file, title, answer }] of cases.entries()) {
    it(`${file}: ${title}`, () => {
      expect(linesOf(seen[index]!)).toEqual(answer)
    })
  }
})

// A proxy in front of the server, as people run one, and the payloads of test/fuzz/differences/smuggling.js sent to it:
// whatever it makes of them, honest requests that share its connections to the server get their own answers.
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Handler, type HttpServer, runServer } from '../../src/server.js'
import { type Family, families, type Payload, smuggled } from '../fuzz/differences/smuggling.js'
import { acceptedConnections } from './accepted.js'
import type { Program } from './programs.js'
import { type Seen, seeingHandler } from './smuggling.js'

/** Honest requests behind each payload, on four connections. */
const HONEST = 20
const CLIENTS = 4
/** Milliseconds after which a payload that is not answered counts as taken. */
const TAKEN_MS = 15

// What most payloads hide, begun and not ended: were it read as a request, the next one would be its end, and an honest
// client would have its answer.
const dangling = `${smuggled.slice(0, -4)}\r\nX:`

/** Those that a proxy can be sent at once: nobody waits here until it has lost its patience. */
const attacks = families.filter(({ payloads }) => payloads.every(({ pauseAt }) => pauseAt === undefined))

/**
 * The tests of one proxy.
 *
 * @param start runs it, in this folder and in front of this port; it listens on `usual.sock` and `lax.sock` there
 */
export function describeFront(
  name: string,
  isMissing: boolean,
  start: (folder: string, port: number) => Promise<Program>,
): void {
  let folder = ''
  let backend: Backend
  let program: Program | undefined

  beforeAll(async () => {
    if (isMissing) return
    folder = mkdtempSync(join(tmpdir(), 'httpkit-smuggling-'))
    backend = await Backend.start()
    program = await start(folder, backend.server.port)
  })

  afterAll(async () => {
    program?.child.kill('SIGTERM')
    await program?.exit
    await backend?.server.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  const title = `behind ${name}${isMissing ? ` (skipped: ${name} is not installed)` : ''}`

  describe.skipIf(isMissing)(title, () => {
    describe.each(['usual', 'lax'])('set up as %s', (setUp) => {
      it.each(attacks.map((family) => [family.family, family] as const))('%s', async (_name, family) => {
        const accepted = acceptedConnections()
        const served = backend.server.stats().served
        await attack(family, join(folder, `${setUp}.sock`), backend)
        // The connections are shared, or this would prove nothing.
        expect(accepted.count).toBeLessThan((backend.server.stats().served - served) / 2)
      })
    })

    it('sends the server some of what no honest client would', () => {
      expect(backend.seen.whole.some((line) => line.includes('/smuggled'))).toBe(true)
      expect(backend.server.stats().rejected).toBeGreaterThan(10)
    })
  })
}

/** The server that stands behind the proxy. */
class Backend {
  readonly server: HttpServer
  readonly seen: Seen
  /** Connections that honest requests came on, and how many each brought. */
  readonly honest: Map<string, number>

  private constructor(server: HttpServer, seen: Seen, honest: Map<string, number>) {
    this.server = server
    this.seen = seen
    this.honest = honest
  }

  static async start(): Promise<Backend> {
    const seen: Seen = { whole: [], broken: [] }
    const honest = new Map<string, number>()
    const handle = seeingHandler(seen)
    const handler: Handler = async (req) => {
      const name = req.headers['x-honest']
      if (name === undefined) return handle(req)
      honest.set(name, (honest.get(name) ?? 0) + 1)
      return { body: `${req.requestMethod} ${req.uri} ${name} ${(await req.body?.text()) ?? ''}` }
    }
    const silent = { errorLogger: () => {}, warnLogger: () => {} }
    return new Backend(await runServer(handler, { ip: '127.0.0.1', port: 0, ...silent }), seen, honest)
  }
}

/**
 * Sends each payload of the family, and once more with what it hides left dangling, on connections of their own, which stay
 * open, and honest requests after them.
 */
async function attack(family: Family, socketPath: string, { honest }: Backend): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
  const failures: string[] = []
  try {
    for (const payload of family.payloads) {
      honest.clear()
      const answers = await withPayload(payload, socketPath, () => {
        return Promise.all(Array.from({ length: HONEST }, (_, index) => ask(socketPath, agent, index)))
      })
      const wrong = answers.filter((answer, index) => answer !== answerTo(index))
      if (wrong.length > 0) failures.push(`${payload.name}: ${wrong[0]}, and ${wrong.length - 1} more`)
      const counts = [...honest.values()]
      if (counts.length !== HONEST || counts.some((count) => count !== 1)) {
        failures.push(`${payload.name}: the server saw ${counts}`)
      }
    }
  } finally {
    agent.destroy()
  }
  expect(failures).toEqual([])
}

async function withPayload<T>({ bytes }: Payload, socketPath: string, work: () => Promise<T>): Promise<T> {
  const sockets = [...new Set([bytes, bytes.replaceAll(smuggled, dangling)])].map((text) => {
    return { socket: connect(socketPath).on('error', () => {}), text }
  })
  try {
    await Promise.all(sockets.map(({ socket, text }) => taken(socket, text)))
    return await work()
  } finally {
    for (const { socket } of sockets) socket.destroy()
  }
}

function taken(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => {
    socket.once('data', () => resolve()).once('close', () => resolve())
    socket.write(Buffer.from(text, 'latin1'), () => setTimeout(resolve, TAKEN_MS))
  })
}

const methodOf = (index: number): string => (index % 2 ? 'POST' : 'GET')
const bodyOf = (index: number): string => (index % 2 ? `body ${index}` : '')

function answerTo(index: number): string {
  return `200 ${methodOf(index).toLowerCase()} /honest/${index} ${index} ${bodyOf(index)}`
}

/** Status and body; or what went wrong. */
function ask(socketPath: string, agent: Agent, index: number): Promise<string> {
  return new Promise((resolve) => {
    const options = {
      socketPath,
      agent,
      path: `/honest/${index}`,
      method: methodOf(index),
      headers: { Host: 'honest.example', 'X-Honest': index },
    }
    request(options, (message) => collect(message).then(resolve, (error) => resolve(String(error))))
      .on('error', (error) => resolve(String(error)))
      .end(bodyOf(index))
  })
}

async function collect(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of message.setEncoding('utf8')) text += piece
  return `${message.statusCode} ${text}`
}

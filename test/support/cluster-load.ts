// Clients of every kind that never rest, and what became of each request: one that is not answered, or not in full, is lost. None of
// them asks twice, but ours where it may (RFC 9112 §9.3.1).
import { Readable } from 'node:stream'
import { Agent, request as ask } from 'undici'
import { makeClient, openWebSocket } from '../../src/client.js'
import { deferred } from './waiting.js'

export interface Load {
  /** Requests answered in full, by kind. */
  readonly answered: Record<string, number>
  readonly lost: string[]
  /** Process ids of the workers that answered. */
  readonly workers: Set<string>
  /** Codes that WebSockets were closed with. */
  readonly closeCodes: Set<number | undefined>
  /** No more is begun; settles when all that was has ended. */
  stop(): Promise<void>
}

const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export function beginLoad(port: number): Load {
  const origin = `http://127.0.0.1:${port}`
  const client = makeClient()
  const keptAlive = new Agent({ pipelining: 1, connections: 6 })
  const load = {
    answered: {} as Load['answered'],
    lost: [] as string[],
    workers: new Set<string>(),
    closeCodes: new Set<number | undefined>(),
  }
  let isOver = false

  // A kind of client: one after another, until the end.
  async function repeat(
    kind: string,
    wanted: string,
    once: () => Promise<[body: string, worker: unknown]>,
  ): Promise<void> {
    while (!isOver) {
      try {
        const [body, worker] = await once()
        if (body !== wanted)
          throw new Error(`${body.length} characters, ${JSON.stringify(body.slice(0, 40))}`)
        load.answered[kind] = (load.answered[kind] ?? 0) + 1
        if (worker !== undefined) load.workers.add(String(worker))
      } catch (error) {
        load.lost.push(`${kind}: ${(error as Error).message}`)
        await soon(10)
      }
    }
  }

  async function byUndici(
    path: string,
    dispatcher = keptAlive,
    body?: () => AsyncIterable<Uint8Array>,
  ): Promise<[string, unknown]> {
    const options = body ? ({ method: 'POST', body: Readable.from(body()) } as const) : {}
    const answer = await ask(origin + path, { dispatcher, ...options })
    return [await answer.body.text(), answer.headers['x-worker']]
  }

  async function overNewConnection(): Promise<[string, unknown]> {
    const once = new Agent()
    try {
      return await byUndici('/', once)
    } finally {
      await once.close()
    }
  }

  async function byOurs(path: string): Promise<[string, unknown]> {
    const { body, headers } = await client.get(origin + path, { as: 'text' }).unwrap()
    return [body as string, headers!['x-worker']]
  }

  // What it says is to come back; whoever has been sent away comes again.
  async function overWebSocket(): Promise<[string, unknown]> {
    const closed = deferred<number | undefined>()
    const messages: ReturnType<typeof deferred<string>>[] = []
    const channel = await openWebSocket(`${origin.replace('http', 'ws')}/echo`, {
      onReceive: (_, message) => messages.shift()?.resolve(message as string),
      onClose: (_, _status, code) => closed.resolve(code),
    })
    while (!isOver && channel.isOpen) {
      const message = deferred<string>()
      messages.push(message)
      if (!channel.send('echo')) break
      const first = await Promise.race([message.promise, closed.promise])
      if (first !== 'echo') break
      await soon(10)
    }
    if (channel.isOpen) channel.close(1000)
    const code = await closed.promise
    if (!isOver) load.closeCodes.add(code)
    return ['closed', undefined]
  }

  const download = Array.from({ length: 40 }, (_, line) => '\n'.padStart(1024, `${line} `)).join('')
  const clients = [
    ...Array.from({ length: 4 }, () => repeat('kept alive', 'slow', () => byUndici('/slow'))),
    ...Array.from({ length: 2 }, () => repeat('new connection', 'hello', overNewConnection)),
    ...Array.from({ length: 4 }, () => repeat('ours', 'slow', () => byOurs('/slow'))),
    repeat('upload', '102400', () => byUndici('/upload', keptAlive, slowly)),
    repeat('download', download, () => byUndici('/download')),
    repeat('poll', 'polled', () => byOurs('/poll')),
    ...Array.from({ length: 2 }, () => repeat('websocket', 'closed', overWebSocket)),
  ]
  return {
    ...load,
    async stop() {
      isOver = true
      await Promise.all(clients)
      await Promise.all([keptAlive.close(), client.close()])
    },
  }
}

async function* slowly(): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < 25; piece++) {
    yield new Uint8Array(4096)
    await soon(15)
  }
}

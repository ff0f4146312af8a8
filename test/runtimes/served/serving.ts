// The app behind the server of the platform that SERVED_BY names, for a file of tests.
//
//   const app = serveApp()            started before the tests, stopped after them
//   app.port; await app.told(id)      what the handlers were told of the requests that have the id
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll } from 'vitest'
// @ts-expect-error a script
import { bundleModule } from '../bundle-module.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const modules = join(here, '../node_modules')

/** What a platform does not do, each by its name; tests of it are counted as skipped. */
export type Lack =
  /** Whoever waits for an answer is not told that its client has gone. */
  | 'loss while waiting'
  /** A request cannot send to a channel of another. */
  | 'meeting'
  /** Pings and pongs are not told, nor sent. */
  | 'pings'
  /** Nobody knows what a WebSocket has not sent. */
  | 'websocket bufferedAmount'
  /** The end of a chunked body is not seen that comes by itself, once the answer has begun. */
  | 'late ends'
  /** A stream is chunked, whatever length is stated. */
  | 'lengths of streams'
  /** A stream of no stated length that fails ends as if it were whole. */
  | 'cuts'
  /** Nobody says where a client is. */
  | 'remoteAddr'

interface Running {
  port: number
  stop(): Promise<unknown>
}

interface PlatformServer {
  lacks: readonly Lack[]
  start(): Promise<Running>
}

const workerLacks: readonly Lack[] = ['cuts', 'pings', 'websocket bufferedAmount', 'remoteAddr']

const platforms: Record<string, PlatformServer> = {
  deno: {
    lacks: ['late ends', 'pings'],
    start: () => startProgram('deno', join(modules, 'deno/deno'), 'run', '-A', '--no-config', '--quiet'),
  },
  bun: {
    lacks: ['lengths of streams'],
    start: () => startProgram('bun', join(modules, 'bun/bin/bun.exe'), 'run'),
  },
  workerd: {
    lacks: [...workerLacks, 'loss while waiting', 'meeting'],
    start: () => startWorker({}),
  },
  'workerd-object': {
    lacks: workerLacks,
    start: () => startWorker({ IN_A_ROOM: true }),
  },
}

const name = process.env.SERVED_BY ?? ''
const platform = platforms[name]
if (!platform) throw new Error(`SERVED_BY must be one of ${Object.keys(platforms)}, not '${name}'`)

export const lacks = (...all: Lack[]): boolean => all.some((one) => platform.lacks.includes(one))

export interface App {
  readonly port: number
  readonly url: string
  told(id: string): Promise<unknown[][]>
}

export function serveApp(): App {
  let running: Running
  beforeAll(async () => {
    running = await platform!.start()
  }, 60_000)
  afterAll(() => running?.stop())
  return {
    get port() {
      return running.port
    },
    get url() {
      return `http://127.0.0.1:${running.port}`
    },
    async told(id) {
      return (await fetch(`${this.url}/told?id=${id}`)).json() as Promise<unknown[][]>
    },
  }
}

async function startProgram(condition: string, program: string, ...args: string[]): Promise<Running> {
  const script = await bundled([condition, 'node'], `${condition}.js`)
  const child = spawn(program, [...args, script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = (complaint + text).slice(-2000)))
  const stop = () => stopped(child)
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^port (\d+)$/.exec(line) ?? []
    if (port) return { port: Number(port), stop }
  }
  throw new Error(`${program} has ended: ${complaint}`)
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

function bundled(conditions: readonly string[], script: string): Promise<string> {
  return bundleModule({ name, conditions }, join(here, script))
}

interface Miniflare {
  ready: Promise<URL>
  dispose(): Promise<void>
}

async function startWorker(bindings: object): Promise<Running> {
  const bundle = await bundled(['workerd', 'worker', 'browser'], 'worker.js')
  const { Miniflare } = createRequire(join(here, '../package.json'))('miniflare') as {
    Miniflare: new (options: object) => Miniflare
  }
  const instance = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: readFileSync(bundle, 'utf8') },
      { type: 'CompiledWasm', path: 'core.wasm', contents: readFileSync(join(dirname(bundle), 'core.wasm')) },
    ],
    host: '127.0.0.1',
    port: 0,
    cf: false,
    compatibilityDate: '2026-04-01',
    bindings,
    compatibilityFlags: ['enable_request_signal'],
    durableObjects: { ROOM: 'Room' },
    handleRuntimeStdio: quietly,
  })
  const { port } = await instance.ready
  return { port: Number(port), stop: () => instance.dispose() }
}

// What workerd logs of clients that go is what the tests have them do.
function quietly(...streams: { resume(): unknown }[]): void {
  for (const stream of streams) stream.resume()
}

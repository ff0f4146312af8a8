// Workers: bundles for workerd, by its conditions, as its own tools make them; each is run by miniflare, without Node's modules.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { asChannel, type HttpServer, runServer } from '../../../src/server.js'
import { type EsbuildPlugin, esbuild, importsOf, rolldown } from './bundlers.js'
import { folder, installed, tool } from './consumer.js'

const conditions = ['workerd', 'worker', 'browser']
const core = readFileSync(join(installed, 'build/core.wasm'))

interface Answer {
  status: number
  text(): Promise<string>
  webSocket?: {
    accept(): void
    send(text: string): void
    close(): void
    addEventListener(type: string, listener: (event: { data: string }) => void): void
  }
}

interface Platform {
  dispatchFetch(url: string, init?: object): Promise<Answer>
  dispose(): Promise<void>
}

const { Miniflare } = createRequire(tool('miniflare/package.json'))('miniflare') as {
  Miniflare: new (options: object) => Platform
}

/** A worker of a bundle and the module of the core, under the name that the bundle imports it by. */
function startWorker(path: string, coreName: string): Platform {
  const worker = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: readFileSync(join(folder, path), 'utf8') },
      { type: 'CompiledWasm', path: coreName, contents: core },
    ],
    compatibilityDate: '2026-04-01',
  })
  onTestFinished(() => worker.dispose())
  return worker
}

// As wrangler does: a wasm file becomes a module beside the worker, by a name with its content's sum.
const HASHED = 'd41d-core.wasm'
const wasmModules: EsbuildPlugin = {
  name: 'wasm-modules',
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm(\?module)?$/ }, () => ({ path: `./${HASHED}`, external: true }))
  },
}
const outside = ['cloudflare:*', '*.wasm']

const bundlers: Record<string, { core: string; make(input: string, path: string): Promise<void> }> = {
  'esbuild, its core left outside': {
    core: 'core.wasm',
    make: (input, path) =>
      esbuild(input, path, { platform: 'neutral', format: 'esm', conditions, external: outside }),
  },
  'esbuild as wrangler has it': {
    core: HASHED,
    make: (input, path) =>
      esbuild(input, path, {
        platform: 'browser',
        format: 'esm',
        target: 'es2024',
        conditions,
        external: ['cloudflare:*'],
        plugins: [wasmModules],
      }),
  },
  rolldown: {
    core: 'core.wasm',
    make: (input, path) =>
      rolldown(input, path, {
        platform: 'neutral',
        resolve: { conditionNames: [...conditions, 'import'] },
        external: /^cloudflare:|\.wasm$/,
        makeAbsoluteExternalsRelative: false,
      }),
  },
}

let server: HttpServer

beforeAll(async () => {
  const handler: Parameters<typeof runServer>[0] = (req) => {
    if (!req.websocket) return { body: `asked by ${req.headers['user-agent']}` }
    return asChannel(req, { onReceive: (channel, message) => void channel.send(`${message} more`) })
  }
  server = await runServer(handler, { port: 0, ip: '127.0.0.1' })
})
afterAll(() => server.stop())

describe.each(Object.entries(bundlers))('%s', (name, { core, make }) => {
  it('makes a worker with handler, middleware, channel and client of it', async () => {
    const path = `bundles/worker-${name.replaceAll(/\W+/g, '-')}.mjs`
    await make('worker/worker.js', path)
    expect(importsOf(readFileSync(join(folder, path), 'utf8')).sort()).toEqual([
      `./${core}`,
      'cloudflare:sockets',
    ])
    const worker = startWorker(path, core)
    const hello = await worker.dispatchFetch('http://worker/hello?name=Ada')
    expect([hello.status, await hello.text()]).toEqual([200, 'Hello, Ada!'])
    const from = `127.0.0.1:${server.port}/`
    const asked = await worker.dispatchFetch(`http://worker/asked?from=http://${from}`)
    expect(await asked.text()).toBe('asked by httpkit-wasm')
    const once = await worker.dispatchFetch(`http://worker/first?from=ws://${from}`)
    expect(await once.text()).toBe('once more')
    expect(await talkTo(worker)).toBe('hello again')
  })

  it('makes a worker of the whole package, which has no server of its own there', async () => {
    const path = `bundles/whole-${name.replaceAll(/\W+/g, '-')}.mjs`
    await make('worker/whole.js', path)
    const worker = startWorker(path, core)
    expect(await (await worker.dispatchFetch('http://worker/channel')).text()).toBe('by its channel')
    expect(await (await worker.dispatchFetch('http://worker/server')).text()).toMatch(/toFetch/)
  })
})

async function talkTo(worker: Platform): Promise<string> {
  const { webSocket } = await worker.dispatchFetch('http://worker/talk', {
    headers: { Upgrade: 'websocket' },
  })
  const message = new Promise<string>((resolve) => {
    webSocket!.addEventListener('message', ({ data }) => resolve(data))
  })
  const closed = new Promise((resolve) => webSocket!.addEventListener('close', resolve))
  webSocket!.accept()
  webSocket!.send('hello')
  const text = await message
  webSocket!.close()
  await closed
  return text
}

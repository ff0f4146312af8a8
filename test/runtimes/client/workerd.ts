// workerd with the client in it: worker.js, bundled as workers are, and run by miniflare.
//
//   const workerd = await startWorkerd()
//   await workerd.ask('request', { url, as: 'text' })      what worker.js does by that name; each is an event of its own
//   await workerd.askInRoom('request', { url })            the same in a Durable Object
//   await workerd.fetch('passOn', { url })                 the worker's answer itself
//   await workerd.stop()
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const here = fileURLToPath(new URL('.', import.meta.url))
const core = readFileSync(new URL('../../../build/core.wasm', import.meta.url))

interface Answer {
  ok: boolean
  status: number
  text(): Promise<string>
  json(): Promise<unknown>
  body: ReadableStream<Uint8Array> | null
}

interface Platform {
  dispatchFetch(url: string, init: object): Promise<Answer>
  dispose(): Promise<void>
}

export interface Workerd {
  // biome-ignore lint/suspicious/noExplicitAny: JSON, of which a test says what it should be
  ask(name: string, given?: unknown): Promise<any>
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  askInRoom(name: string, given?: unknown): Promise<any>
  fetch(name: string, given?: unknown): Promise<Answer>
  stop(): Promise<void>
}

/** The worker as one module, which imports `./core.wasm` and workerd's own. */
export async function bundledWorker(): Promise<string> {
  const { output } = await build({
    input: join(here, 'worker.js'),
    cwd: here,
    platform: 'neutral',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import', 'default'] },
    plugins: [
      {
        name: 'outside',
        resolveId: (id) => (/\.wasm$|^(cloudflare|node):/.test(id) ? { id, external: true } : null),
      },
    ],
    output: { codeSplitting: false },
    write: false,
  })
  return output[0].code
}

/** Compatibility flags of all that are started: WORKERD_FLAGS, with commas between them. */
const flags = (process.env.WORKERD_FLAGS ?? '').split(',').filter((flag) => flag !== '')

/** Whether Node's modules are there, and with them files. */
export const hasNode = flags.includes('nodejs_compat')

/** @param authority a certificate that workerd trusts, beside those that it knows */
export async function startWorkerd({ authority }: { authority?: string | undefined } = {}): Promise<Workerd> {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-workerd-'))
  if (authority !== undefined) trust(authority, join(folder, 'authority.pem'))
  const { Miniflare } = createRequire(join(here, '../package.json'))('miniflare') as {
    Miniflare: new (options: object) => Platform
  }
  const platform = new Miniflare({
    modules: [
      { type: 'ESModule', path: 'worker.js', contents: await bundledWorker() },
      { type: 'CompiledWasm', path: 'core.wasm', contents: core },
    ],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: flags,
    durableObjects: { ROOM: 'Room' },
    handleRuntimeStdio: quietly,
  })
  const fetch = (name: string, given: unknown = {}, headers = {}): Promise<Answer> =>
    platform.dispatchFetch(`http://worker/${name}`, { method: 'POST', headers, body: JSON.stringify(given) })
  const ask = async (name: string, given: unknown, headers = {}): Promise<unknown> => {
    const answer = await fetch(name, given, headers)
    if (!answer.ok) throw new Error(`the worker failed: ${await answer.text()}`)
    return answer.json()
  }
  return {
    fetch,
    ask,
    askInRoom: (name, given) => ask(name, given, { 'in-a-room': 'yes' }),
    async stop() {
      await platform.dispose()
      rmSync(folder, { recursive: true })
    },
  }
}

// Miniflare reads the variable when it is loaded.
function trust(authority: string, path: string): void {
  writeFileSync(path, authority)
  process.env.NODE_EXTRA_CA_CERTS = path
}

// What workerd logs of connections that fail is what the tests have them do.
function quietly(...streams: { resume(): unknown }[]): void {
  for (const stream of streams) stream.resume()
}

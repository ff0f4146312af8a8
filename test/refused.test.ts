// A program that cannot have the core is told so once, by an error that says what to change. Here are Node's own ways to lack
// it, by flags; test/runtimes/refusals.js has those of other runtimes.
import { beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt } from './support/built.js'
import { run } from './support/programs.js'

const entries = [
  'httpkit-wasm',
  'httpkit-wasm/server',
  'httpkit-wasm/client',
  'httpkit-wasm/core',
  'httpkit-wasm/middleware',
  'httpkit-wasm/edge',
]

/** What importing an entry throws, as its text, in a Node with these flags. */
async function thrown(entry: string, ...flags: string[]): Promise<string> {
  const program = `import('${entry}').then(() => console.log('loaded'), (error) => console.log(String(error)))`
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '--eval', program])
  return stdout.trimEnd()
}

beforeAll(ensureBuilt, 120_000)

describe.each(entries)('%s', (entry) => {
  it('says that it needs WebAssembly, and which flag takes it, where there is none', async () => {
    expect(await thrown(entry, '--jitless')).toMatch(/^Error: httpkit-wasm needs WebAssembly.* --jitless/)
  })

  // The core's instructions are those of SSE 4.1 there; without it V8 refuses them.
  it.runIf(process.arch === 'x64')(
    'says that it needs SIMD, and who has it, where there is none',
    async () => {
      const error = await thrown(entry, '--no-enable-sse4-1')
      expect(error).toMatch(
        /^Error: httpkit-wasm cannot compile its core: .* lacks WebAssembly SIMD, .*Node 16\.4/,
      )
    },
  )

  it('loads where there are both', async () => {
    expect(await thrown(entry)).toBe('loaded')
  })
})

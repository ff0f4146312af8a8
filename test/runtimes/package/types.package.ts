// Consumers in TypeScript: every version that is in use, every way of resolving modules, with the platform's types that users
// have. Strict, and the package's own declarations are checked too. Lines of theirs that misuse it must be errors.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, ownTool, runHere, tool } from './consumer.js'

const compilers: Record<string, string> = {
  '5.4': tool('typescript54/bin/tsc'),
  '5.9': tool('typescript59/bin/tsc'),
  '6.0': tool('typescript60/bin/tsc'),
  '7.0': ownTool('typescript/bin/tsc'),
}
const strict = {
  noEmit: true,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
  target: 'es2022',
}
const node = { types: ['node'], lib: ['es2022'] }
const page = { types: [], lib: ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable'] }
const both = { types: ['node'], lib: [...page.lib, 'esnext.disposable'] }
const byNode = { module: 'nodenext', moduleResolution: 'nodenext' }
const byNode16 = { module: 'node16', moduleResolution: 'node16', verbatimModuleSyntax: true }
const byBundler = { module: 'esnext', moduleResolution: 'bundler', verbatimModuleSyntax: true }
const neutral = ['core.ts', 'middleware.ts', 'edge.ts']
const all = [...neutral, 'client.ts', 'server.ts', 'hub.ts', 'cores.ts']

/** What a compiler says of these files; a tsconfig.json, since there is no other way to say that no types are wanted. */
async function compile(version: string, options: object, files: readonly string[]): Promise<string> {
  const path = join('types', `tsconfig.${counter++}.json`)
  writeFileSync(join(folder, path), JSON.stringify({ compilerOptions: { ...strict, ...options }, files }))
  return (await runHere(process.execPath, compilers[version]!, '-p', path)).stdout
}

let counter = 0

describe.each(Object.keys(compilers))('TypeScript %s', (version) => {
  // Before 5.8 the compiler lets no CommonJS module require an ES module, though Node does: import() is left.
  const commonJs = version === '5.4' ? ['awaited.cts'] : ['awaited.cts', 'required.cts']

  it.each([
    [
      'nodenext, all of it, from ES modules and CommonJS',
      { ...both, ...byNode },
      [...all, 'disposed.ts', ...commonJs],
    ],
    [
      'node16 (5.4) or bundler, without the types of browsers',
      { ...node, ...(version === '5.4' ? byNode16 : byBundler) },
      all,
    ],
    ['bundler, without the types of Node, what runs everywhere', { ...page, ...byBundler }, neutral],
    [
      'bundler, without the types of Node, the client, its declarations unchecked',
      { ...page, ...byBundler, skipLibCheck: true },
      ['client.ts'],
    ],
  ])('%s', async (_, options, files) => {
    expect(await compile(version, options, files)).toBe('')
  })
})

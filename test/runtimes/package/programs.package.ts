// Programs that import the package, and that require it, on every runtime that has files and sockets.

import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { declaredNames, entries, told, tool } from './consumer.js'

const program: Record<string, readonly string[]> = {
  node20: [tool('node20/bin/node')],
  node22: [tool('node22/bin/node')],
  node24: [tool('node24/bin/node')],
  node26: [tool('node26/bin/node')],
  bun: [tool('bun/bin/bun.exe'), 'run'],
  deno: [tool('deno/deno'), 'run', '-A', '--quiet'],
}
const used = {
  names: Object.fromEntries(entries.map((entry) => [entry, declaredNames(entry)])),
  got: [200, 'text/plain', 'Hello, Ada!'],
  sent: 'Hello, Zoë!',
  filed: ['text/plain', 'forty-two'],
  echoed: 'twice',
  decoded: 'frame',
  query: { a: ['1', '2'] },
  valid: [true, false],
  refused: true,
  fetched: ['Hello, Eve!', 'app at /b'],
  faked: 418,
}

// npm has the programs for some platforms only; in CI all of them are wanted.
const isMissing = (path: string): boolean => !existsSync(path) && !process.env.CI

describe.each(Object.entries(program))('%s', (_, [command, ...args]) => {
  it.skipIf(isMissing(command!))(
    'has every name that is declared, and no other, and they work: by import',
    async () => {
      expect(await told(command!, ...args, 'programs/imports.mjs')).toEqual(used)
    },
  )

  it.skipIf(isMissing(command!))(
    'has every name that is declared, and no other, and they work: by require',
    async () => {
      expect(await told(command!, ...args, 'programs/requires.cjs')).toEqual(used)
    },
  )
})

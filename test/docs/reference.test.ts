// The reference is what the docstrings say: whoever changes these runs `npm run docs`.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../support/built.js'
import { run } from '../support/programs.js'

it('is up to date', async () => {
  const { code, stdout } = await run(process.execPath, [join(root, 'build/steps/reference.js'), '--check'])
  expect(stdout).toBe('')
  expect(code).toBe(0)
})

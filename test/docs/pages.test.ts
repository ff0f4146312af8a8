// The code on the pages that users read, run: each page in a process of its own (run-page.js says how).
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from '../support/built.js'
import { hasOpenssl } from '../support/certificate.js'
import { launch } from '../support/programs.js'
import { blocksOf } from './blocks.js'

const program = join(root, 'test/docs/run-page.js')
const markdown = (folder: string): string[] =>
  readdirSync(join(root, folder)).filter((name) => name.endsWith('.md'))
const pages = ['README.md', ...markdown('docs').map((name) => `docs/${name}`)]
const text = (path: string): string => readFileSync(join(root, path), 'utf8')

// Hosts that are spoken to over TLS have a certificate by openssl.
function needsOpenssl(page: string): boolean {
  const around = `test/docs/pages/${page.replace(/^docs\/|\.md$/g, '')}.js`
  return existsSync(join(root, around)) && text(around).includes('export const world')
}

describe.concurrent('the code on', () => {
  for (const page of pages.filter((page) => blocksOf(text(page)).length > 0)) {
    const isLacking = needsOpenssl(page) && !hasOpenssl
    it.skipIf(isLacking)(
      `${page}${isLacking ? ' (openssl is missing)' : ''} runs`,
      async () => {
        const run = launch(process.execPath, [program, page])
        const code = await run.exit
        expect(run.stdout + run.stderr).toMatch(/^[\w/-]+\.md: \d+ blocks\n$/)
        expect(code).toBe(0)
      },
      40_000,
    )
  }
})

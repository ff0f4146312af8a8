// What docs/command.md says the command does, it does.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { get } from 'httpkit-wasm'

const command = fileURLToPath(new URL('../../../build/command/main.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'httpkit-command-page-'))
mkdirSync(join(folder, 'public'))
writeFileSync(join(folder, 'public', 'film.mp4'), 'not much of a film'.repeat(1000))

const running = []
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** The port that `serve` says it listens on. */
async function serving(cwd, ...args) {
  const child = spawn(process.execPath, [command, 'serve', ...args, '--port', '0'], { cwd })
  running.push(child)
  child.stderr.pipe(process.stderr)
  for await (const text of child.stdout) {
    const port = /:(\d+)\n/.exec(text)?.[1]
    if (port) return Number(port)
  }
}

async function helpText() {
  const child = spawn(process.execPath, [command, '--help'])
  let text = ''
  for await (const piece of child.stdout) text += piece
  return text
}

const textAt = async (port, path = '/') => (await get(`http://127.0.0.1:${port}${path}`, { as: 'text' })).body

export const ports = { 8090: await serving(folder, 'public') }
export const files = { 'alphabet.txt': 'abcdefghijklmnopqrstuvwxyz' }

export const checks = {
  async 'A handler'(_, { folder }) {
    assert.equal(await textAt(await serving(folder, 'app.js'), '/shoes'), 'you asked for /shoes\n')
    assert.equal(await textAt(await serving(folder, 'hono.js')), 'hello')
  },
  async 'In your own server'(_, { url, page }) {
    assert.equal((await get(url(8091), { as: 'text' })).body, 'abcdefghij')
    const options = (text) => [...new Set(text.match(/--[a-z-]+|-[a-z]\b(?=,|`,)/g))].sort()
    const table = page.match(/^\| `-.*$/gm).join('\n')
    assert.deepEqual(options(table), options(await helpText()))
  },
}

// Chromium without a window: a page that imports the bundle, runs it and posts its report to the server that it came from. What
// it may do is bound by a strict Content-Security-Policy, which lets it compile WebAssembly and nothing else.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PATIENCE_MS = 1_200_000
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

const names = ['chromium', 'chromium-browser', 'google-chrome']
const program = names.find((name) => !spawnSync(name, ['--version'], { stdio: 'ignore' }).error)

export const chromium = {
  name: 'chromium',
  title: 'Chromium',
  conditions: ['browser'],
  lacks: ['node:*', 'packages', 'process', 'Buffer'],
  missing: () => (program ? undefined : 'this machine has no Chromium (Debian: apt-get install chromium)'),
  version: () => / ([\d.]+)/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)[1],
  run: (bundle, options) => runInPage(bundle, options),
}

/** @returns what the page posts; rejects with what it could not do */
export async function runInPage(bundle, options = {}, policy = POLICY) {
  const pages = {
    '/': { type: 'text/html', text: '<!doctype html><script type="module" src="/page.js"></script>' },
    '/page.js': { type: 'text/javascript', text: scriptOf(options) },
    '/suite.js': { type: 'text/javascript', text: readFileSync(bundle) },
  }
  const { origin, posted, close } = await serve(pages, policy)
  const browser = open(`${origin}/`)
  let timer
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no report within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    const { report, trouble } = JSON.parse(await Promise.race([posted, browser.ended, tooLate]))
    if (trouble) throw new Error(trouble)
    return report
  } finally {
    clearTimeout(timer)
    await browser.close()
    close()
  }
}

const scriptOf = (
  options,
) => `const post = (body) => fetch('/report', { method: 'POST', body: JSON.stringify(body) })
try {
  const { run } = await import('/suite.js')
  await post({ report: await run(${JSON.stringify(options)}) })
} catch (error) {
  await post({ trouble: String(error) })
}`

async function serve(pages, policy) {
  let take
  const posted = new Promise((resolve) => {
    take = resolve
  })
  const server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      const pieces = await request.toArray()
      take(Buffer.concat(pieces).toString())
      response.end()
      return
    }
    const { type, text } = pages[request.url] ?? { type: 'text/plain', text: '' }
    response.setHeader('Content-Type', `${type}; charset=utf-8`)
    response.setHeader('Content-Security-Policy', policy)
    // Isolated from other origins, or there is no shared memory.
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
    response.end(text)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { origin: `http://127.0.0.1:${server.address().port}`, posted, close }
}

function open(url) {
  const profile = mkdtempSync(join(tmpdir(), 'httpkit-chromium-'))
  const switches = ['--headless', '--no-first-run', '--disable-dev-shm-usage', `--user-data-dir=${profile}`]
  if (process.getuid?.() === 0) switches.push('--no-sandbox') // root cannot have one
  const child = spawn(program, [...switches, url], { stdio: ['ignore', 'ignore', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint = (complaint + text).slice(-2000)
  })
  const closed = new Promise((resolve) => child.once('close', resolve).once('error', resolve))
  const ended = closed.then(() => {
    throw new Error(`Chromium has ended: ${complaint}`)
  })
  ended.catch(() => {})
  const close = async () => {
    child.kill()
    await closed
    process.off('exit', kill)
    await rm(profile, { recursive: true, maxRetries: 10 }) // its helpers may still be writing
  }
  return { ended, close }
}

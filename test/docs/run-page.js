// Runs the code on a page: `node test/docs/run-page.js docs/server.md`.
//
// Its js blocks are modules, in a folder of their own within this checkout, so that `httpkit-wasm` is this package; they are
// imported one after the other. A block whose first line is a comment that holds a file's name is written under that name. What
// the page's readers have around it, and what has to come of its blocks, is in pages/NAME.js beside this file:
//
//   world     handlers by the names of hosts that the blocks speak to (world.js)
//   ports     of this machine, by the numbers that the blocks have for them: of a program that the fixture has started, say
//   files     what lies in the folder: texts or bytes by their names
//   given     names that the blocks use and do not define
//   programs  names of blocks that are not imported, but run by a check, or by another block
//   checks    by section, what to do when its blocks have run: a function of the names that the page has defined so far,
//             and of `{ printed, page, url, folder, until }`: the lines that were logged, the page's text, where a port is
//             found, where the files are, and a function that waits until another one says true
//
// The last line says how many blocks have run.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { format, promisify } from 'node:util'
import { blocksOf, LANGUAGES } from './blocks.js'
import { moduleOf } from './module-of.js'
import { lookAtShell } from './shell.js'
import { beginWorld, certificate, endWorld, portFor } from './world.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = process.argv[2]
const text = readFileSync(join(root, page), 'utf8')
const blocks = blocksOf(text)
const own = new URL(`pages/${basename(page, '.md')}.js`, import.meta.url)
const running = fileURLToPath(new URL('running/', import.meta.url))
mkdirSync(running, { recursive: true })
const folder = mkdtempSync(join(running, `${basename(page, '.md')}-`))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const printed = []
const log = console.log
console.log = (...words) => printed.push(format(...words))

// The block that runs, for errors that do not say where they come from.
let at = page
const names = {}
const known = new Map()
const around = {
  printed,
  folder,
  page: text,
  until,
  url: (port = 8090, scheme = 'http') => `${scheme}://localhost:${portFor(port)}`,
}

const MAX_MS = 30_000
setTimeout(() => fail(new Error(`not done in ${MAX_MS} ms`)), MAX_MS)
process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
try {
  const fixture = existsSync(own) ? await import(own) : {}
  await prepare(fixture)
  for (const [index, block] of blocks.entries()) await run(block, index, fixture)
  await stopServers()
} catch (error) {
  fail(error)
}
await endWorld()
log(`${page}: ${blocks.length} blocks`)
process.exit(0)

async function prepare({ world = {}, ports = {}, files = {}, given = {}, checks = {} }) {
  const sections = new Set(blocks.map(({ section }) => section))
  const strange = Object.keys(checks).filter((section) => !sections.has(section))
  if (strange.length > 0) throw new Error(`checks of sections that have no blocks: ${strange}`)
  await beginWorld(world, ports)
  for (const [name, content] of Object.entries(files)) write(name, content)
  for (const { name, language, text } of blocks) if (name && language !== 'js') write(name, text)
  process.chdir(folder)
  Object.assign(globalThis, typeof given === 'function' ? given({ folder, ca: certificate() }) : given)
}

function write(name, content) {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), content)
}

async function run(block, index, { checks = {}, programs = [] }) {
  const { language, line, section } = block
  if (!LANGUAGES.includes(language)) throw new Error(`${page}:${line - 1}: a block of '${language}'`)
  if (language === 'js') await runModule(block, index, programs)
  if (language === 'sh') await runShell(block)
  if (blocks[index + 1]?.section !== section) await checks[section]?.(names, around)
}

async function runModule(block, index, programs) {
  const name = block.name ?? `${index + 1}.js`
  const made = moduleOf(block, known)
  write(name, made.code)
  if (programs.includes(name)) return
  at = `${page}:${block.line}`
  const namespace = await import(pathToFileURL(join(folder, name)))
  for (const own of made.names) {
    known.set(own, `./${name}`)
    names[own] = namespace[own]
  }
}

async function runShell(block) {
  const problems = lookAtShell(block.text, { root, files: blocks.map(({ name }) => name) })
  if (problems.length > 0) throw new Error(`${page}:${block.line}: ${problems.join('; ')}`)
  const asked = block.text.split('\n').filter((line) => line.startsWith('curl '))
  for (const line of asked) {
    const here = line.replace(/localhost:(\d+)/g, (_, port) => `localhost:${portFor(port)}`)
    await promisify(execFile)('sh', ['-c', here.replace(/^curl/, 'curl -sS --fail --max-time 10')])
  }
}

async function until(isSo) {
  const deadline = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`waited for ${isSo}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

// What blocks have started and left running.
async function stopServers() {
  for (const value of Object.values(names)) if (typeof value?.stop === 'function') await value.stop()
}

function fail(error) {
  const where = pathToFileURL(join(folder, '/')).href
  const said = error?.stack ?? String(error)
  const inFolder = new RegExp(`(?:${where}|${folder}/)\\d+\\.js`, 'g')
  console.error(`${at}: ${said.replace(inFolder, page)}`)
  process.exit(1)
}

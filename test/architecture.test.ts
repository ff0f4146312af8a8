// Who may import whom, read from the sources. What a test prints is the arrow that is wrong, and why.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const CORE = 'the core does no I/O and knows no one above it'
const IO = 'io carries server and client, and knows neither'
const APART =
  'server and client stand on websocket, form, io and core and never meet: what both need moves down'
const CONTRACT = 'the contract, and what channels of every kind stand on: no node, no server'
const EDGE = 'behind somebody else’s server there are maps, channels and streams: no node, no sockets'
const WEBSOCKET = 'a WebSocket is the same for server and client, and knows neither'
const RUNTIME = 'one side of what runtimes have differently, chosen by package.json’s imports'
const FORM = 'forms are read and written wherever there are streams: no node, no server, no client'
const MIDDLEWARE = 'middleware sees a request map, wherever that comes from: no node, no server'
const HUB = 'topics stand on channels, whosever they are: no node, no server'
const THREADS = 'a handler is handed to threads wherever it came from: no server'
const METRICS = 'what is counted is read through what the contract says: no server'
const COMMAND = 'the command is a user of the library, as any other program'
const STORE = 'one of the stores that package.json chooses from'
const ENTRY = 'an entry re-exports what lives in the rooms below it'
const SHARED = 'a folder shares only the files at the top, and only index sees all'
const arrows: [from: RegExp, mayImport: RegExp, why: string][] = [
  [/^src\/core\//, /→ (src\/core\/|#core|@assemblyscript\/loader)/, CORE],
  [/^src\/io\//, /→ (src\/(core|io)\/|#)/, IO],
  [/^src\/runtime\//, /→ (src\/(core|io|runtime)\/|node:|cloudflare:)/, RUNTIME],
  [/^src\/ring\//, /→ src\/(core|io|ring)\//, CONTRACT],
  [/^src\/edge\//, /→ src\/(core|io|ring|edge)\//, EDGE],
  [/^src\/form\//, /→ src\/(core|io|form)\//, FORM],
  [/^src\/websocket\//, /→ (src\/(core|io|ring|websocket)\/|node:|#runtime)/, WEBSOCKET],
  [/^src\/server\//, /→ (src\/(core|io|ring|websocket|server)\/|node:)/, APART],
  [/^src\/client\//, /→ (src\/(core|io|ring|form|websocket|client)\/|node:|#runtime)/, APART],
  [/^src\/middleware\/temporary-files/, /→ (src\/form\/|node:)/, STORE],
  [/^src\/middleware\//, /→ (src\/(core|io|ring|form|middleware)\/|#store)/, MIDDLEWARE],
  [/^src\/hub\//, /→ src\/(core|io|ring|hub)\//, HUB],
  [/^src\/threads\//, /→ (src\/(core|io|ring|threads)\/|node:|piscina$)/, THREADS],
  [/^src\/metrics\//, /→ (src\/(core|io|ring|metrics)\/|node:|prom-client$|@opentelemetry\/api$)/, METRICS],
  [/^src\/command\//, /→ (src\/(core|io|ring|server|edge|command)\/|node:)/, COMMAND],
  [/^src\/[\w-]+\.ts/, /→ src\//, ENTRY],
  [/^assembly\/index/, /→ assembly\//, ENTRY],
  [/^assembly\//, /→ assembly\/(memory|result|bytes|utf8|words)\.ts/, SHARED],
]
const sameFolder = /^assembly\/(http|form|websocket)\/.* → assembly\/\1\//

const root = new URL('../', import.meta.url)
const text = (path: string): string => readFileSync(new URL(path, root), 'utf8')
type Target = string | { [condition: string]: Target }
const {
  dependencies,
  exports,
  imports: ownImports,
} = JSON.parse(text('package.json')) as {
  dependencies: object
  exports: object
  imports: Record<string, Target>
}

// Path to code, without the comments: words in them are not code.
const sources = new Map(
  ['src', 'assembly'].flatMap((folder) =>
    readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(folder, name.replaceAll('\\', '/')))
      .map((path) => [path, withoutComments(text(path))] as const),
  ),
)

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^| )\/\/ .*$/gm, '')
}

// Types count. A neighbour is a path from the root; anything else stays as it is written.
const imports = [...sources].flatMap(([file, code]) =>
  Array.from(
    code.matchAll(/^(?:im|ex)port [\w\s{},*]*from '(.+)'|\bimport\(? ?'(.+?)'/gm),
    ([, from, other]) => {
      const name = from ?? other!
      const path = posix.join(file, '..', name.replace(/(\.js)?$/, '.ts'))
      return { file, target: name.startsWith('.') ? path : name }
    },
  ),
)

it('the rooms import downwards: src/*.ts → server | client | edge | middleware → websocket | form → ring → io → core; assembly: index → folders → top', () => {
  expect(imports.length).toBeGreaterThan(60)
  const wrong = imports.flatMap(({ file, target }) => {
    const arrow = `${file} → ${target}`
    const [, mayImport, why] = arrows.find(([from]) => from.test(file)) ?? [
      file,
      /^$/,
      'its room has no rule yet',
    ]
    return mayImport.test(arrow) || sameFolder.test(arrow) ? [] : [`${arrow}: ${why}`]
  })
  expect(wrong).toEqual([])
})

it('only src/core/wasm.ts imports the module, and load.ts makes an instance of it: no one else knows where things lie in memory', () => {
  const importers = imports.filter(({ target }) => target === '#core' || target === '@assemblyscript/loader')
  expect([...new Set(importers.map(({ file }) => file))]).toEqual(['src/core/load.ts', 'src/core/wasm.ts'])
})

it('no import leads back to where it began: what two files need of each other moves to a third', () => {
  const cycles: string[] = []
  const done = new Set<string>()
  const follow = (path: string[], file: string): void => {
    if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (path.includes(file) || done.has(file)) return
    for (const { target } of imports.filter((one) => one.file === file)) follow([...path, file], target)
    done.add(file)
  }
  for (const file of sources.keys()) follow([], file)
  expect(cycles).toEqual([])
})

it('the core has no timers and no promises: bytes in, events out, at once', () => {
  const waits = /\b(set(Timeout|Interval|Immediate)|queueMicrotask|Promise|async|await)\b/
  const core = [...sources].filter(([file]) => file.startsWith('src/core/'))
  expect(
    core.flatMap(([file, code]) => (waits.test(code) ? `${file}: ${waits.exec(code)![0]}` : [])),
  ).toEqual([])
})

it('an entry only re-exports: what it says lives in a room', () => {
  const entries = [...sources].filter(([file]) => /^(src\/[\w-]+|assembly\/index)\.ts$/.test(file))
  const rest = (code: string): string => code.replace(/^export [\w\s{},*]*from '.+'$/gm, '').trim()
  expect(entries.flatMap(([file, code]) => (rest(code) ? `${file}: ${rest(code)}` : []))).toEqual([])
})

it('no file is named utils, helpers or common: a name says what a file holds', () => {
  expect([...sources.keys()].filter((file) => /\b(utils?|helpers?|common)\b/.test(file))).toEqual([])
})

it('the package depends on AssemblyScript’s loader alone, and what it exports is there', () => {
  expect(Object.keys(dependencies)).toEqual(['@assemblyscript/loader'])
  const targets = Array.from(JSON.stringify(exports).matchAll(/"\.\/(build\/.+?)"/g), ([, path]) => path!)
  const made = targets.map((path) => path.replace(/^build\/([\w-]+)(\.d\.ts|\.js)$/, 'src/$1.ts'))
  expect(made.length).toBeGreaterThan(6)
  expect(made.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
})

// What a runtime whose conditions these are has with an entry of the package's; 'default' is for all that is named by none.
function reachedFrom(entry: string, conditions: readonly string[]): string[] {
  const reached = new Set<string>()
  const follow = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    if (!/^build\/.*\.m?js$/.test(file)) return
    const code = text(file).replace(/\/\*[\s\S]*?\*\//g, '')
    for (const [, from, other] of code.matchAll(/(?:\bfrom|\bimport)\s*\(?(?:"(.+?)"|'(.+?)')/g)) {
      const name = from ?? other!
      follow(
        name.startsWith('.')
          ? posix.join(file, '..', name)
          : (resolved(ownImports[name], conditions) ?? name),
      )
    }
  }
  follow(resolved((exports as Record<string, Target>)[entry], conditions)!)
  return [...reached]
}

function resolved(target: Target | undefined, conditions: readonly string[]): string | undefined {
  if (typeof target !== 'object') return target?.replace('./', '')
  const chosen = Object.entries(target).find(([name]) => conditions.includes(name))
  return resolved(chosen?.[1], conditions)
}

describe.each([
  ['by their default conditions', ['default'], ['./core', './middleware', './edge', './hub'], []],
  [
    'in workerd',
    ['workerd', 'worker', 'browser', 'import', 'default'],
    ['.', './server', './client', './core', './middleware', './edge', './hub'],
    ['cloudflare:sockets', 'build/core.wasm'],
  ],
  [
    'in edge functions',
    ['edge-light', 'worker', 'browser', 'import', 'default'],
    ['.', './server', './client', './core', './middleware', './edge', './hub'],
    ['build/core.wasm?module'],
  ],
  [
    'in browsers',
    ['browser', 'import', 'default'],
    ['.', './server', './client', './core', './middleware', './edge', './hub'],
    [],
  ],
])('nothing of Node is reachable %s', (_, conditions, entries, platform) => {
  it.each(entries)('from %s', (entry) => {
    const reached = reachedFrom(entry, conditions)
    expect(reached.length).toBeGreaterThan(2)
    const others = reached.filter((name) => !/^build\/.*\.m?js$/.test(name))
    expect(others.filter((name) => !platform.includes(name))).toEqual(['@assemblyscript/loader'])
  })
})

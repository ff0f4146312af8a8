// Leaves, of the type declarations, those that the package's entries speak of, however indirectly. The rest describes
// what no user can import.
import { readdirSync, readFileSync, rmSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const { exports } = JSON.parse(readFileSync(new URL('../package.json', build), 'utf8'))
const isDeclaration = (path) => path.endsWith('.d.ts')
const made = readdirSync(build, { recursive: true }).filter(isDeclaration)
const spokenOf = new Set()

function follow(file) {
  if (spokenOf.has(file.href)) return
  spokenOf.add(file.href)
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'(\..+?)\.js'/g)) {
    follow(new URL(`${path}.d.ts`, file))
  }
}

for (const { types } of Object.values(exports)) if (types) follow(new URL(`../${types}`, build))

for (const path of made) {
  const file = new URL(path.replaceAll('\\', '/'), build)
  // Those at the top are entries, or stand for what package.json's imports name.
  if (path.includes('/') && !spokenOf.has(file.href)) rmSync(file)
}

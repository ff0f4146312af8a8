// Leaves, of the type declarations, those that the package's entries speak of, however indirectly, and those of its own
// imports. The rest describes what no user can import.
import { readdirSync, readFileSync, rmSync } from 'node:fs'

const build = new URL('../', import.meta.url)
const { exports, imports } = JSON.parse(readFileSync(new URL('../package.json', build), 'utf8'))
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

const named = Array.from(JSON.stringify([exports, imports]).matchAll(/"types":"(.+?)"/g), ([, types]) => types)
for (const types of named) follow(new URL(`../${types}`, build))

for (const path of made) {
  const file = new URL(path.replaceAll('\\', '/'), build)
  if (!spokenOf.has(file.href)) rmSync(file)
}

// What the tests of the package share: where its consumers are, the tools that look at them, and what the package promises.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import { type Output, start } from '../../support/programs.js'

const runtimes = fileURLToPath(new URL('../', import.meta.url))
const project = join(runtimes, '../..')

export const folder = inject('folder')
export const tarball = inject('tarball')
export const installed = join(folder, 'node_modules/httpkit-wasm')

/** What the installed package.json says. */
export const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
  exports: Record<string, string | Record<string, string>>
}

/** '.', './core' …: those of which programs import names. */
export const entries = Object.keys(manifest.exports).filter(
  (path) => typeof manifest.exports[path] === 'object',
)

/** The path of a program among the runtimes' packages. */
export const tool = (path: string): string => join(runtimes, 'node_modules', path)
/** The path of one among the project's own. */
export const ownTool = (path: string): string => join(project, 'node_modules', path)

/** Runs a program among the consumers, to its end. */
export async function runHere(name: string, ...args: string[]): Promise<Output> {
  const program = start(name, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = await program.exit
  return { code, stdout: program.stdout, stderr: program.stderr }
}

/** What a program of ours printed, as JSON; fails with all that it said where it did not get there. */
export async function told(name: string, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await runHere(name, ...args)
  if (code !== 0 || stderr !== '') throw new Error(`${name} ended with ${code}: ${stderr}\n${stdout}`)
  return JSON.parse(stdout)
}

/** The names that a program can import of an entry, as its declarations have them: without types. */
export function declaredNames(entry: string): string[] {
  const { types } = manifest.exports[entry] as { types: string }
  return namesIn(join(installed, types)).sort()
}

function namesIn(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  const others = Array.from(text.matchAll(/export \* from '(.+)\.(c?)js'/g), ([, name, c]) =>
    namesIn(join(path, '..', `${name}.d.${c}ts`)),
  )
  const own = Array.from(text.matchAll(/export \{([^}]*)\}/g), ([, list]) => list!.split(','))
  const values = own
    .flat()
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '))
  return [...new Set([...others.flat(), ...values.map((name) => name.replace(/^\w+ as /, ''))])]
}

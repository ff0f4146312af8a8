// The bundlers, each in one line: of a consumer's module they make one file.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type InputOptions, rolldown as open } from 'rolldown'
import { folder, runHere, tool } from './consumer.js'

export interface EsbuildOptions {
  platform?: 'node' | 'browser' | 'neutral'
  format?: 'esm' | 'cjs'
  minify?: boolean
  target?: string
  conditions?: string[]
  external?: string[]
  plugins?: EsbuildPlugin[]
  stdin?: { contents: string; resolveDir: string }
  write?: boolean
}

export interface EsbuildPlugin {
  name: string
  setup(build: {
    onResolve(
      options: { filter: RegExp },
      callback: (found: { path: string; resolveDir: string }) => { path: string; external: boolean },
    ): void
  }): void
}

interface Esbuild {
  build(options: EsbuildOptions & Record<string, unknown>): Promise<{ outputFiles?: { text: string }[] }>
}

// By its path: it is one of the runtimes' packages, which are not there where nobody has asked for them.
const { build } = createRequire(tool('esbuild/package.json'))('esbuild') as Esbuild
const common = { bundle: true, absWorkingDir: folder, logLevel: 'silent' }

/** Rejects with what it says. */
export async function esbuild(input: string, outfile: string, options: EsbuildOptions): Promise<void> {
  await build({ ...common, ...options, entryPoints: [input], outfile })
}

/** The bundle of one statement for browsers, minified. */
export async function bundleOf(statement: string): Promise<string> {
  const stdin = { contents: statement, resolveDir: folder }
  const smallest = { minify: true, platform: 'browser', format: 'esm', legalComments: 'none' } as const
  const { outputFiles } = await build({ ...common, ...smallest, stdin, write: false })
  return outputFiles![0]!.text
}

export async function rolldown(input: string, path: string, options: InputOptions): Promise<void> {
  const bundle = await open({ cwd: folder, input, logLevel: 'silent', ...options })
  await bundle.write({ file: join(folder, path), codeSplitting: false })
  await bundle.close()
}

/** Its program, in a folder with an index.html. */
export async function vite(input: string, outDir: string): Promise<void> {
  const args = ['build', input, '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn']
  const { code, stdout, stderr } = await runHere(process.execPath, tool('vite/bin/vite.js'), ...args)
  if (code !== 0 || stdout + stderr !== '') throw new Error(`vite ended with ${code}: ${stderr}\n${stdout}`)
}

/** What a module imports or requires, by the names that it writes. */
export function importsOf(code: string): string[] {
  const found = code.matchAll(/(?<![.\w$])(?:from|import|require)\s*\(?\s*["'`]([^"'`\s]+)["'`]/g)
  return [...new Set(Array.from(found, ([, name]) => name!))]
}

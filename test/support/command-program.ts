// The command as a user runs it: the package's own file, in a process, in a folder of the test's.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { ensureBuilt, root } from './built.js'
import { launch, type Output, type Program, run, temporaryFolder } from './programs.js'

const manifest = createRequire(import.meta.url)('../../package.json')
const script = join(root, manifest.bin['httpkit-wasm'])

/** What the package says of itself. */
export const { version } = manifest as { version: string }

export interface ServingCommand extends Program {
  readonly port: number
}

/** Files of a test's own, by their names. @returns the folder */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** Runs the command to its end. */
export function command(...args: string[]): Promise<Output> {
  ensureBuilt()
  return run(process.execPath, [script, ...args])
}

/** `serve`, in this folder, on a free port; it and what it has started are ended with the test. */
export async function serving(folder: string, ...args: string[]): Promise<ServingCommand> {
  const program = started(folder, 'serve', ...args, '--port', '0')
  const [, port] = await program.prints(/^Serving .* at http:\/\/localhost:(\d+)\n/m)
  return Object.assign(program, { port: Number(port) })
}

/** The command in this folder, in a process group of its own. */
export function started(folder: string, ...args: string[]): Program {
  ensureBuilt()
  const program = launch(process.execPath, [script, ...args], { cwd: folder, detached: true })
  onTestFinished(async () => {
    try {
      process.kill(-program.child.pid!, 'SIGKILL')
    } catch {}
    await program.exit
  })
  return program
}

/** Whether somebody listens on this port. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

// --watch: this command again, run by Node's own watcher, which starts it again when a module changes that it has loaded.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { CommandError } from './command-error.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** @returns the exit code */
export async function watch(script: string, args: readonly string[]): Promise<number> {
  const flags = ['--watch', '--watch-preserve-output']
  const child = spawn(process.execPath, [...process.execArgv, ...flags, script, ...args], {
    stdio: 'inherit',
  })
  for (const signal of SIGNALS) process.on(signal, () => child.kill())
  const [code] = await once(child, 'exit')
  return code ?? 1
}

/** Whether it is Node's watcher that runs this process. */
export function isWatched(): boolean {
  return process.env.WATCH_REPORT_DEPENDENCIES !== undefined
}

/** A port that is free now, to be listened on by one process after the other. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening').catch(({ message }: Error) => {
    throw new CommandError(message)
  })
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

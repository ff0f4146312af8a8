// tinyproxy for tests: its own configuration in a folder of its own, in the foreground, until the test ends.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from './nginx.js'
import { hasProgram, type Program, start, temporaryFolder } from './programs.js'

export const tinyproxy = ['tinyproxy', '/usr/bin/tinyproxy'].find((name) => hasProgram(name, '-v'))

export interface Tinyproxy {
  readonly port: number
  readonly url: string
  readonly program: Program
}

/** Runs tinyproxy with these settings besides its port, for clients on this machine. */
export async function startTinyproxy(settings = ''): Promise<Tinyproxy> {
  const port = await freePort()
  const configuration = join(temporaryFolder(), 'tinyproxy.conf')
  const own = `Port ${port}\nListen 127.0.0.1\nTimeout 600\nMaxClients 200\nLogLevel Connect\n`
  writeFileSync(configuration, `${own}${settings}\n`)
  const program = start(tinyproxy!, ['-d', '-c', configuration])
  await listening(program, port)
  return { port, url: `http://127.0.0.1:${port}`, program }
}

// haproxy for tests: its own configuration in a folder of its own, in the foreground.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listening } from './nginx.js'
import { hasProgram, launch, type Program } from './programs.js'

export const haproxy = ['haproxy', '/usr/sbin/haproxy'].find((name) => hasProgram(name, '-v'))

/** Runs haproxy with these sections, until it is killed; resolves once it listens on `address`. */
export async function startHaproxy(
  folder: string,
  sections: string,
  address: string | number,
): Promise<Program> {
  const configuration = join(folder, 'haproxy.cfg')
  const own = `
global
  maxconn 500
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
`
  writeFileSync(configuration, own + sections)
  const program = launch(haproxy!, ['-db', '-f', configuration])
  await listening(program, address)
  return program
}

// lighttpd for tests: its own configuration in a folder of its own, in the foreground.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, listening } from './nginx.js'
import { hasProgram, launch, type Program } from './programs.js'

export const lighttpd = ['lighttpd', '/usr/sbin/lighttpd'].find((name) => hasProgram(name, '-v'))

/** Runs lighttpd over a folder's files with these settings, until it is killed; resolves once it listens. */
export async function startLighttpd(
  folder: string,
  settings: string,
): Promise<{ program: Program; port: number }> {
  const port = await freePort()
  const configuration = join(folder, 'lighttpd.conf')
  const own = `
server.port = ${port}
server.bind = "127.0.0.1"
server.document-root = "${folder}"
server.upload-dirs = ("${folder}")
`
  writeFileSync(configuration, own + settings)
  const program = launch(lighttpd!, ['-D', '-f', configuration])
  await listening(program, port)
  return { program, port }
}

// nginx for tests: its own configuration in a folder of its own, in the foreground, listening on Unix sockets where it
// can, so that no two runs meet.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { hasProgram, launch, type Program } from './programs.js'

export const nginx = ['nginx', '/usr/sbin/nginx'].find((name) => hasProgram(name, '-v'))

const streamModule = ['/usr/lib/nginx/modules', '/usr/share/nginx/modules', '/usr/lib64/nginx/modules']
  .map((folder) => join(folder, 'ngx_stream_module.so'))
  .find(existsSync)

/** Whether nginx can pass on bare TCP, and so speak the PROXY protocol to what is behind it. */
export const hasStreamModule = nginx !== undefined && streamModule !== undefined

/** Runs nginx with these http and stream blocks, until it is killed; resolves once it listens on `address`. */
export async function startNginx(
  folder: string,
  blocks: { http?: string; stream?: string },
  address: string | number,
): Promise<Program> {
  mkdirSync(join(folder, 'temp'))
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(configuration, configurationOf(folder, blocks))
  const program = launch(nginx!, ['-p', folder, '-c', configuration, '-e', 'stderr'])
  await listening(program, address)
  return program
}

function configurationOf(folder: string, { http, stream }: { http?: string; stream?: string }): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const paths = kinds.map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`).join('\n')
  return `${stream && streamModule ? `load_module ${streamModule};` : ''}
daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr notice;
events { worker_connections 1024; }
${http ? `http {\naccess_log off;\n${paths}\n${http}\n}` : ''}
${stream ? `stream {\n${stream}\n}` : ''}
`
}

/** Settles once the program accepts connections; rejects where it ends instead. */
export async function listening(program: Program, address: string | number): Promise<void> {
  for (;;) {
    if (program.child.exitCode !== null) {
      throw new Error(`${program.child.spawnfile} does not start: ${program.stdout}${program.stderr}`)
    }
    if (await accepts(address)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function accepts(address: string | number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = typeof address === 'string' ? connect(address) : connect(address, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A port nobody listens on; somebody may, a moment later. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

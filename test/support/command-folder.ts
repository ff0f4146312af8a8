// A folder to serve, and beside it what must never be served: files outside, links that lead there, what is no file at all.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type FolderOptions, serveFolder } from '../../src/command/serve-folder.js'
import { type HttpServer, runServer } from '../../src/server.js'
import { hasProgram } from './programs.js'
import { ask, type RawResponse } from './raw-peer.js'

/** What every file outside the served folder holds. */
export const SECRET = 'this must never be seen'

export interface ServedFolder {
  /** The folder's path; its parent holds what is outside. */
  readonly path: string
  readonly server: HttpServer
  readonly errors: unknown[]
  write(name: string, content: string | Uint8Array, modified?: Date): string
  link(name: string, target: string): void
  /** False where this system has no FIFOs. */
  fifo(name: string): boolean
  /** A Unix domain socket, listened on. */
  socket(name: string): Promise<void>
  /** Those of its files that this process has open, where the system tells. */
  openFiles(): string[]
  get(target: string, fields?: Record<string, string>): Promise<RawResponse>
  ask(method: string, target: string, fields?: Record<string, string>): Promise<RawResponse>
  close(): Promise<void>
}

/** Serves a new folder, until it is closed. */
export async function servedFolder(options?: FolderOptions): Promise<ServedFolder> {
  const parent = mkdtempSync(join(tmpdir(), 'httpkit-folder-'))
  const path = join(parent, 'served')
  mkdirSync(path)
  writeFileSync(join(parent, 'secret.txt'), SECRET)
  mkdirSync(join(parent, 'served-too'))
  writeFileSync(join(parent, 'served-too', 'secret.txt'), SECRET)
  const errors: unknown[] = []
  const server = await runServer(serveFolder(path, options), {
    ip: '127.0.0.1',
    port: 0,
    errorLogger: (_, error) => errors.push(error),
  })
  const closings: (() => unknown)[] = [() => server.stop()]
  const request = (method: string, target: string, fields: Record<string, string> = {}) => {
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
    return ask(server.port, `${method} ${target} HTTP/1.1\r\nHost: x\r\n${lines.join('')}\r\n`)
  }
  return {
    path,
    server,
    errors,
    write(name, content, modified) {
      const file = join(path, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      if (modified) utimesSync(file, modified, modified)
      return file
    },
    link: (name, target) => symlinkSync(target, join(path, name)),
    fifo(name) {
      if (!hasProgram('mkfifo')) return false
      execFileSync('mkfifo', [join(path, name)])
      return true
    },
    async socket(name) {
      const listener = createServer()
      await new Promise<void>((resolve) => listener.listen(join(path, name), resolve))
      closings.push(() => listener.close())
    },
    openFiles: () => openPaths().filter((open) => open.startsWith(path)),
    get: (target, fields) => request('GET', target, fields),
    ask: request,
    async close() {
      for (const close of closings) await close()
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

function openPaths(): string[] {
  if (!existsSync('/proc/self/fd')) return []
  return readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
}

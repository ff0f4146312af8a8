// `serve`: a module's handler, or a folder's files, until a signal comes.
import { statSync } from 'node:fs'
import type { ServerOptions } from '../server/options.js'
import { type HttpServer, runServer } from '../server/run-server.js'
import type { ServeArguments } from './arguments.js'
import { CommandError } from './command-error.js'
import { type Loaded, loadHandler } from './load-handler.js'
import { logRequests } from './request-log.js'
import { serveFolder } from './serve-folder.js'
import { isWatched } from './watch.js'

/** Milliseconds that requests in flight have to end. */
const GRACE_MS = 5000
/** Where somebody waits to see a change. */
const WATCHED_GRACE_MS = 300
/** From a terminal one Ctrl-C may reach us twice: npm passes it on. */
const ONE_SIGNAL_MS = 500

export const DEFAULT_HOST = '127.0.0.1'

/** Whether there is a module at `path`, and no folder. @throws CommandError where there is nothing */
export function isModule(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) throw new CommandError(`there is no ${path}`)
  return !stats.isDirectory()
}

/** Serves; resolves once it listens. @throws CommandError for what keeps it from that */
export async function serve(given: ServeArguments): Promise<void> {
  const { handler, options } = await targetOf(given)
  const { target, port, host, log } = given
  const settings: ServerOptions = {
    ...options,
    ip: host ?? options.ip ?? DEFAULT_HOST,
    ...(port !== undefined && { port }),
  }
  const server = await (log ? startLogged(handler, settings) : start(handler, settings))
  stopOnSignals(server)
  console.log(`Serving ${target} at ${addressOf(server, settings)}`)
}

async function targetOf({ target, watch, fetch, lists, dotfiles }: ServeArguments): Promise<Loaded> {
  if (isModule(target)) return loadHandler(target, fetch)
  if (watch)
    console.error('httpkit-wasm: --watch is for modules; the files of a folder are read anew each time')
  return { handler: serveFolder(target, { lists, dotfiles }), options: {} }
}

// Who reads the log may have gone: the server goes on.
function startLogged(handler: Loaded['handler'], options: ServerOptions): Promise<HttpServer> {
  process.stdout.on('error', () => {})
  const log = logRequests(handler, (line) => process.stdout.write(`${line}\n`))
  return start(log.handler, {
    ...options,
    eventLogger(event) {
      log.eventLogger(event)
      options.eventLogger?.(event)
    },
  })
}

async function start(handler: Loaded['handler'], options: ServerOptions): Promise<HttpServer> {
  try {
    return await runServer(handler, options)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'EADDRINUSE') throw new CommandError(message)
    const place = options.path ?? `port ${options.port ?? 8090}`
    throw new CommandError(`${place} is taken: --port takes another one`)
  }
}

function addressOf(server: HttpServer, { path, ip = '', tls }: ServerOptions): string {
  if (path !== undefined) return path
  const isHere = ['127.0.0.1', '0.0.0.0', '::1', '::', ''].includes(ip)
  const host = isHere ? 'localhost' : ip.includes(':') ? `[${ip}]` : ip
  return `${tls ? 'https' : 'http'}://${host}:${server.port}`
}

// What a module keeps running is ended with it.
function stopOnSignals(server: HttpServer): void {
  let firstAt = 0
  const stop = async (): Promise<void> => {
    if (server.status !== 'running') {
      if (performance.now() - firstAt > ONE_SIGNAL_MS) process.exit(1)
      return
    }
    firstAt = performance.now()
    await server.stop({ timeout: isWatched() ? WATCHED_GRACE_MS : GRACE_MS })
    process.exit()
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, stop)
}

// The command's arguments.
import { readFileSync } from 'node:fs'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { CommandError } from './command-error.js'

export interface ServeArguments {
  /** A module or a folder. */
  target: string
  port?: number
  host?: string
  watch: boolean
  log: boolean
  fetch: boolean
  dotfiles: boolean
  lists: boolean
}

const HELP = `httpkit-wasm serve [FILE | FOLDER]

  FILE      a module whose default export is a Ring handler, or an object with a fetch method;
            its export \`options\`, if there is one, goes to the server
  FOLDER    the files in it (default: the folder you are in)

  -p, --port PORT    the port to listen on; 0 takes a free one (default 8090)
      --host HOST    the address to listen on (default 127.0.0.1: this machine alone)
  -w, --watch        start again when the module, or one it imports, changes
  -l, --log          print a line for each request
      --fetch        the module's default export is a fetch function: Request in, Response out
      --dotfiles     serve files of the folder whose names begin with a dot, too
      --no-list      do not list folders that have no index.html
  -h, --help         print this
  -v, --version      print the version
`

const flag = { type: 'boolean' } as const
const options = {
  port: { type: 'string', short: 'p' },
  host: { type: 'string' },
  watch: { ...flag, short: 'w' },
  log: { ...flag, short: 'l' },
  fetch: flag,
  dotfiles: flag,
  'no-list': flag,
  help: { ...flag, short: 'h' },
  version: { ...flag, short: 'v' },
} satisfies ParseArgsConfig['options']

/** What to serve and how, or what to print instead. @throws CommandError */
export function readArguments(args: string[]): ServeArguments | string {
  const { values, positionals } = parse(args)
  if (values.help) return HELP
  if (values.version) return `${version()}\n`
  const [command, target = '.', ...others] = positionals
  if (command === undefined) throw wrong('serve what?')
  if (command !== 'serve') throw wrong(`there is no command ${command}`)
  if (others.length > 0) throw wrong(`one file or folder, not also ${others.join(' ')}`)
  const { port, host, watch = false, log = false, fetch = false, dotfiles = false } = values
  return {
    target,
    ...(port !== undefined && { port: portOf(port) }),
    ...(host !== undefined && { host }),
    watch,
    log,
    fetch,
    dotfiles,
    lists: !values['no-list'],
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw wrong((error as Error).message.replaceAll('\n', ' '))
  }
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (port <= 65535) return port
  throw wrong(`a port is a number from 0 to 65535, not ${text}`)
}

function wrong(message: string): CommandError {
  return new CommandError(`${message} (httpkit-wasm --help tells more)`, 2)
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}

// The front ends whose configurations are on docs/deploy.md, each run as it stands there, but for where it listens and what is
// behind it.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Block, blocksOf } from '../docs/blocks.js'
import { root } from './built.js'
import { haproxy, startHaproxy } from './haproxy.js'
import { freePort, hasStreamModule, listening, nginx, startNginx } from './nginx.js'
import { hasProgram, launch, type Program } from './programs.js'

export interface Front {
  name: string
  /** False where its program is missing. */
  isThere: boolean
  /** How it tells the client's address. */
  tells: 'X-Forwarded-For' | 'PROXY protocol'
  /** Runs it in a folder; what listens on `port` is in front of what listens on `behind`. */
  start(folder: string, port: number, behind: number): Promise<Program>
}

const caddy = hasProgram('caddy', 'version')

const blocks = blocksOf(readFileSync(join(root, 'docs/deploy.md'), 'utf8'))
const [http, stream] = texts('nginx')
const [forwarding, backend] = texts('haproxy')
const prefacing = forwarding!.replace(/^backend app[\s\S]*/m, backend!)
const [caddyfile] = texts('caddy')

function texts(language: string): string[] {
  return blocks.filter((block: Block) => block.language === language).map(({ text }) => text)
}

const behindOn = (text: string, port: number): string =>
  text.replaceAll('127.0.0.1:8090', `127.0.0.1:${port}`)

export const fronts: Front[] = [
  {
    name: 'nginx',
    isThere: nginx !== undefined,
    tells: 'X-Forwarded-For',
    start: (folder, port, behind) =>
      startNginx(
        folder,
        { http: behindOn(http!, behind).replace('listen 80;', `listen 127.0.0.1:${port};`) },
        port,
      ),
  },
  {
    name: 'nginx for bare TCP',
    isThere: hasStreamModule,
    tells: 'PROXY protocol',
    start(folder, port, behind) {
      const inside = /^stream \{([\s\S]*)\}\n$/.exec(stream!)![1]!
      const at = behindOn(inside, behind).replace('listen 443;', `listen 127.0.0.1:${port};`)
      return startNginx(folder, { stream: at }, port)
    },
  },
  {
    name: 'haproxy',
    isThere: haproxy !== undefined,
    tells: 'X-Forwarded-For',
    start: (folder, port, behind) => startHaproxy(folder, haproxyOn(forwarding!, port, behind), port),
  },
  {
    name: 'haproxy with the PROXY protocol',
    isThere: haproxy !== undefined,
    tells: 'PROXY protocol',
    start: (folder, port, behind) => startHaproxy(folder, haproxyOn(prefacing, port, behind), port),
  },
  {
    name: 'caddy',
    isThere: caddy,
    tells: 'X-Forwarded-For',
    start: startCaddy,
  },
]

const haproxyOn = (text: string, port: number, behind: number): string =>
  `${behindOn(text, behind).replace('bind :80', `bind 127.0.0.1:${port}`)}\n`

async function startCaddy(folder: string, port: number, behind: number): Promise<Program> {
  const path = join(folder, 'Caddyfile')
  const site = behindOn(caddyfile!, behind).replace('example.com {', `http://127.0.0.1:${port} {`)
  writeFileSync(path, `{\n  admin off\n  auto_https off\n}\n${site}`)
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const program = launch('caddy', ['run', '--config', path, '--adapter', 'caddyfile'], { env })
  await listening(program, port)
  return program
}

export { freePort }

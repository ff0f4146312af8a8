// A Redis server for tests: on a Unix socket in a folder of its own, with nothing on disk. It can be killed, begun anew, and
// made to hang.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type RedisClientOptions, type RedisClientType } from 'redis'
import { listening } from './nginx.js'
import { hasProgram, launch, type Program } from './programs.js'

export const hasRedis = hasProgram('redis-server')

export class RedisServer {
  readonly path: string
  private readonly folder: string
  private program: Program | undefined = undefined

  private constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'httpkit-redis-'))
    this.path = join(this.folder, 'redis.sock')
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer()
    await server.begin()
    return server
  }

  /** Runs it, anew and empty; resolves once it accepts connections. */
  async begin(): Promise<void> {
    const { folder, path } = this
    const options = ['--port', '0', '--unixsocket', path, '--dir', folder, '--save', '', '--appendonly', 'no']
    this.program = launch('redis-server', options)
    await listening(this.program, path)
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.program?.child.kill('SIGKILL')
    await this.program?.exit
    this.program = undefined
    rmSync(this.path, { force: true })
  }

  hang(): void {
    this.program!.signal('SIGSTOP')
  }

  resume(): void {
    this.program?.signal('SIGCONT')
  }

  client(options: RedisClientOptions = {}): RedisClientType {
    return createClient({ socket: { path: this.path, tls: false }, ...options }) as RedisClientType
  }

  /** Connections of others. */
  async connections(): Promise<number> {
    return (
      String(await this.say('CLIENT', 'LIST'))
        .trim()
        .split('\n').length - 1
    )
  }

  /** Says a command over a connection of its own. */
  async say(...command: string[]): Promise<unknown> {
    const client = this.client()
    client.on('error', () => {})
    await client.connect()
    try {
      return await client.sendCommand(command)
    } finally {
      client.destroy()
    }
  }

  /** Ends all connections but that which says so; they may come again. */
  cut(): Promise<unknown> {
    return this.say('CLIENT', 'KILL', 'SKIPME', 'yes')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

// A server in a process of its own, so that its memory can be watched: a script of this folder that sends its { port } and
// then calls watchMemory().
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { expect } from 'vitest'
import { root } from './built.js'

export class WatchedServer {
  readonly port: number
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.child = child
    this.port = port
  }

  static async start(script: string, env: Record<string, string>): Promise<WatchedServer> {
    const options = { env: { ...process.env, ...env }, execArgv: [] }
    const child = fork(`${root}test/support/${script}`, options)
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new WatchedServer(child, port)
  }

  /** The bytes by which its process grew, at the most, while the work went on. */
  async growthDuring(work: () => Promise<void>): Promise<number> {
    this.child.send('watch')
    await work()
    this.child.send('report')
    const [{ rss, most }] = (await once(this.child, 'message')) as [{ rss: number; most: number }]
    expect(rss).toBeGreaterThan(0)
    return most - rss
  }

  async end(): Promise<void> {
    this.child.kill()
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit')
  }
}

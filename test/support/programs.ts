// Programs that tests run: one that ends by itself and its output, one that a test ends, and a folder for their files.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Output {
  code: number | null
  stdout: string
  stderr: string
}

/** Whether this machine has the program, called by this name. */
export function hasProgram(name: string, versionFlag = '--version'): boolean {
  return spawnSync(name, [versionFlag], { stdio: 'ignore' }).error === undefined
}

/** Runs a program to its end; `input` is what it reads. */
export async function run(name: string, args: readonly string[], input?: string | Buffer): Promise<Output> {
  const program = start(name, args)
  program.child.stdin!.on('error', () => {}).end(input)
  const code = await program.exit
  return { code, stdout: program.stdout, stderr: program.stderr }
}

/** A program under way. It is killed when the test ends. */
export class Program {
  readonly child: ChildProcess
  readonly exit: Promise<number | null>
  stdout = ''
  stderr = ''
  private wake = (): void => {}

  constructor(child: ChildProcess) {
    this.child = child
    this.exit = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve))
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.wake()
    })
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.wake()
    })
    child.once('close', () => this.wake())
  }

  /** Sends it a signal. Not by `kill`: a child that Deno 2.9.5 has killed is said to have ended by that, whatever it did. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.child.pid!, name)
  }

  /** Settles with the match as soon as the pattern is found in what was printed; rejects where the program ends first. */
  async prints(pattern: RegExp, where: 'stdout' | 'stderr' = 'stdout'): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[where])
      if (match) return match
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`ended without printing ${pattern}: ${this.stdout}\n${this.stderr}`)
      }
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
  }
}

/** A program of these lines, an ES module, gone when the test ends: not every runtime takes one on its command line. @returns its path */
export function moduleOf(lines: string): string {
  const path = join(temporaryFolder(), 'program.mjs')
  writeFileSync(path, lines)
  return path
}

/** Starts a program; it is killed when the test ends. */
export function start(name: string, args: readonly string[], options: SpawnOptions = {}): Program {
  const program = launch(name, args, options)
  onTestFinished(async () => {
    program.child.kill('SIGKILL')
    await program.exit
  })
  return program
}

/** Starts a program that whoever calls this ends. */
export function launch(name: string, args: readonly string[], options: SpawnOptions = {}): Program {
  return new Program(spawn(name, args, { stdio: 'pipe', ...options }))
}

/** A folder that is gone when the test has ended. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

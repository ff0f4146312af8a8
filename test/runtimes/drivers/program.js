// Runs a bundle in a program of its own, and takes its report, or says with what it has ended instead.

import { spawn, spawnSync } from 'node:child_process'
import { here, root } from '../packages.js'

const HOST = `${here}host.js`
const PATIENCE_MS = 1_200_000

/** What a program prints as its version. */
export function printedBy(command, ...args) {
  return spawnSync(command, args, { encoding: 'utf8' }).stdout.trim()
}

/**
 * @param command the program and its own arguments
 * @param options of the bundle's `run`
 * @param host what it runs, which runs the bundle
 */
export function runInProgram(command, bundle, options = {}, host = HOST) {
  const [program, ...args] = [...command, host, bundle, JSON.stringify(options)]
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const printed = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => (printed[stream] += text))
  }
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(kill, PATIENCE_MS)
  process.once('exit', kill)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      process.off('exit', kill)
      const report = lastLine(printed.stdout)
      if (code === 0 && report.startsWith('{')) resolve(JSON.parse(report))
      else reject(new Error(`ended with ${signal ?? code}, having printed:\n${printed.stderr.slice(-2000)}`))
    })
  })
}

const lastLine = (text) => text.trimEnd().split('\n').at(-1)

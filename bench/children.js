// Child processes of the benchmark: pinned to a core, told apart by what they say, and never left behind, whether the
// run ends, fails or is interrupted.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'

const children = new Set()

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code))
}

/** The server's core and the load generator's; the benchmark itself sleeps on the latter. */
export const cores = { server: 0, load: 1 }

export function demandTwoCores() {
  if (process.platform !== 'linux')
    throw new Error('this benchmark needs Linux: it pins processes and reads /proc')
  if (availableParallelism() < 2)
    throw new Error('this benchmark needs two cores: one for the server, one for the load')
}

/**
 * Starts `command` on one core; stdout is read by line, stderr is kept for the error message.
 *
 * @param options.ipc true opens a message channel to a Node child
 */
export function start(command, args, { core, env, ipc = false } = {}) {
  const stdio = ['ignore', 'pipe', 'pipe', ipc ? 'ipc' : 'ignore']
  const child = spawn('taskset', ['-c', `${core}`, command, ...args], {
    stdio,
    env: { ...process.env, ...env },
  })
  children.add(child)
  child.ended = new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  }).finally(() => children.delete(child))
  child.complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    child.complaint = (child.complaint + text).slice(-4000)
  })
  return child
}

/**
 * The same with a message channel and as many file descriptors as there can be: a connection is one at both ends. Going
 * past the hard limit takes a privilege; else all of it is used.
 */
export function startUnlimited([command, args], { core, env }) {
  const raise = 'ulimit -n 65536 2>/dev/null || ulimit -n $(ulimit -Hn); exec "$@"'
  return start('sh', ['-c', raise, 'sh', command, ...args], { core, env, ipc: true })
}

/** Waits for the line `listening PORT`. */
export async function portOf(child, { timeoutMs = 15_000 } = {}) {
  const lines = createInterface({ input: child.stdout })
  const listening = new Promise((resolve) => {
    lines.on('line', (line) => {
      const port = /^listening (\d+)/.exec(line)?.[1]
      if (port) resolve(Number(port))
    })
  })
  return orFailure(child, listening, timeoutMs)
}

/** What a child prints until it ends; rejects when it fails. */
export async function outputOf(child) {
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  await child.ended
  if (child.exitCode !== 0) throw new Error(complaintOf(child))
  return output
}

/** Sends a message to a child with a channel and waits for its answer. */
export async function ask(child, message, { timeoutMs = 120_000 } = {}) {
  const answered = once(child, 'message').then(([answer]) => answer)
  child.send(message, (error) => error && child.kill('SIGKILL'))
  const answer = await orFailure(child, answered, timeoutMs)
  if (answer.error) throw new Error(answer.error)
  return answer
}

export async function stop(child) {
  child.kill('SIGKILL')
  await child.ended
}

async function orFailure(child, promise, timeoutMs) {
  let timer
  const tooLate = new Promise((_, reject) => {
    timer = setTimeout(reject, timeoutMs, new Error(`no answer within ${timeoutMs / 1000} s`))
  })
  const failed = child.ended.then((reason) => {
    throw reason instanceof Error ? reason : new Error(complaintOf(child))
  })
  try {
    return await Promise.race([promise, failed, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

function complaintOf(child) {
  const lines = child.complaint.split('\n').filter((line) => line.trim() !== '')
  const telling = lines.find((line) => /^(\w*Error\b|error:)/.test(line)) ?? lines[0]
  return telling?.trim() ?? `ended with ${child.signalCode ?? child.exitCode}`
}

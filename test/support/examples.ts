// The program that serves the examples: that of `npm start`, or where EXAMPLES is `worker` that of `npm run start:worker`, by
// which the same tests are run once more. What it lacks has a name, and so have the tests that need it.
import { onTestFinished } from 'vitest'
import { root } from './built.js'
import { launch, type Program } from './programs.js'

const isWorker = process.env.EXAMPLES === 'worker'

/** What is not there when workerd serves. */
export const lacks = {
  /** Closing behind a WebSocket that is refused: connections are the platform's. */
  closing: isWorker,
  /** 100 Continue: who waits for it goes on after a second. */
  continue: isWorker,
  /** Word of a client that waits for an answer and goes: it is missed when it is written to. */
  departures: isWorker,
  /** The download, which is not among the worker's examples. */
  download: isWorker,
  /** The metrics and what draws them, and threads: they are of the process that is not there. */
  metrics: isWorker,
  /** Pings of the server's own. */
  pings: isWorker,
}

/** The title of a test that is skipped where something lacks. */
export const unless = (lack: boolean, title: string): string => (lack ? `${title} (not in workerd)` : title)

/** Starts it; whoever calls this ends it, by `endExamples`. */
export function launchExamples(env: Record<string, string> = {}): Program {
  const program = isWorker ? 'examples/worker/serve.js' : 'examples/serve.js'
  const options = { cwd: root, env: { ...process.env, PORT: '0', ...env }, detached: isWorker }
  return launch(process.execPath, [program], options)
}

/** Starts it; it is ended when the test ends. */
export function startExamples(env?: Record<string, string>): Program {
  const program = launchExamples(env)
  onTestFinished(() => endExamples(program))
  return program
}

/** Ends it at once, and where workerd is its child, both. */
export async function endExamples({ child, exit }: Program): Promise<void> {
  if (!isWorker) child.kill('SIGKILL')
  else if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  await exit
}

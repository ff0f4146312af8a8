// Where a process spends its time, function by function, as V8's sampling profiler sees it.

import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

const sampleEveryMicroseconds = 200
const project = fileURLToPath(new URL('../..', import.meta.url))

/** @returns `{ name, place, share }` of the time that `work` took, the most first */
export async function selfTimes(work) {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: sampleEveryMicroseconds })
  await session.post('Profiler.start')
  await work()
  const { profile } = await session.post('Profiler.stop')
  session.disconnect()
  return sharesOf(profile)
}

function sharesOf({ nodes, samples, timeDeltas }) {
  const functions = new Map(nodes.map(({ id, callFrame }) => [id, described(callFrame)]))
  const times = new Map()
  samples.forEach((id, i) => {
    const key = functions.get(id)
    times.set(key, (times.get(key) ?? 0) + timeDeltas[i])
  })
  const all = [...times.values()].reduce((sum, time) => sum + time, 0)
  return [...times]
    .sort(([, one], [, other]) => other - one)
    .map(([key, time]) => {
      const [name, place] = key.split('|')
      return { name, place, share: time / all }
    })
}

// For V8, Node is idle between two calls into JavaScript, though it reads its sockets there.
const names = { '(idle)': '(waiting for sockets, and reading them)', '': '(anonymous)' }

function described({ functionName, url, lineNumber }) {
  const place = url.replace(/^file:\/\//, '').replace(project, '')
  return `${names[functionName] ?? functionName}|${place === '' ? '' : `${place}:${lineNumber + 1}`}`
}

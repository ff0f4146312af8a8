// Who used the processor. A process's own time is exact (the scheduler's nanoseconds, all its threads and children);
// what else ran on a core is the core's total, which the kernel keeps in ticks, less that.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const msPerTick = 1000 / Number(execFileSync('getconf', ['CLK_TCK']))

/** CPU time of a process with all its threads and living descendants, in ns. */
export function cpuTimeOf(pid) {
  let total = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${task}`
    total += Number(textOf(`${folder}/schedstat`).split(' ')[0])
    for (const child of textOf(`${folder}/children`).split(' ')) {
      if (child !== '') total += cpuTimeOf(child)
    }
  }
  return total
}

// A thread may end between its listing and its reading.
function textOf(path) {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** CPU time of this process's children that have ended, in ms. */
export function cpuTimeOfEndedChildren() {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * msPerTick
}

/** Time a core ran anything, and time the hypervisor took from it, in ms. */
export function coreTimes(core) {
  const line = readFileSync('/proc/stat', 'latin1')
    .split('\n')
    .find((text) => text.startsWith(`cpu${core} `))
  const [user, nice, system, _idle, _iowait, irq, softirq, steal] = line.split(' ').slice(1).map(Number)
  return { ran: (user + nice + system + irq + softirq) * msPerTick, stolen: steal * msPerTick }
}

export function pinSelf(core) {
  execFileSync('taskset', ['-a', '-c', '-p', `${core}`, `${process.pid}`], { stdio: 'ignore' })
}

// Rounds of measurements on servers that run on a core of their own: what one of them costs, which were disturbed and have
// to be repeated, and the medians of those that were not.

import { cores, portOf, start, stop } from './children.js'
import { commandOf } from './competitors.js'
import { coreTimes, cpuTimeOf } from './cpu.js'
import { chosen, fixed, median, rotated } from './figures.js'

// Part of the time that others may run on the two cores, or the hypervisor take from them.
const foreignLimit = 0.05
// A server busier than this was the limit; below it the load generator was.
const saturated = 0.95

const starvedNote =
  '<: the load generator was the limit: the rate is too low, the CPU each a little too high.'

/**
 * Starts those of the `competitors` that are wanted; one that `verify(port)` rejects for is told of and left out.
 *
 * @param options.serves what the servers are told to serve, where that is not the scenario's name
 */
export async function startAll(competitors, { only, scenario, serves = scenario, verify }) {
  const servers = []
  for (const name of chosen(Object.keys(competitors), only)) {
    const competitor = competitors[name]
    const child = start(...commandOf(competitor, serves), { core: cores.server, env: competitor.env })
    try {
      const port = await portOf(child)
      await verify(port)
      servers.push({ name, title: competitor.title, process: child, port, rounds: [] })
    } catch (error) {
      console.log(`${competitor.title} is left out of ${scenario}: ${error.message}`)
      await stop(child)
    }
  }
  return servers
}

/** A disturbed measurement is repeated, up to as many times again as there are rounds; a server that dies is let go. */
export async function measureAll(servers, rounds, measureOne) {
  const isWanting = ({ rounds: measured, failure }) =>
    !failure && measured.filter(isUndisturbed).length < rounds
  for (let round = 0; round < 2 * rounds; round++) {
    for (const server of rotated(servers.filter(isWanting), round)) {
      try {
        server.rounds.push(await measureOne(server))
      } catch (error) {
        server.failure = error
      }
    }
  }
}

/**
 * One measurement: what the server spent while `load` ran.
 *
 * @param load resolves to how many requests or messages were `answered`, in how many `seconds`, and what `trouble` there was
 * @param loadCpuTime CPU time of the load so far, in ms
 */
export async function measure(server, load, loadCpuTime) {
  const before = readings(server, loadCpuTime)
  const { answered, seconds, trouble } = await load()
  const after = readings(server, loadCpuTime)
  const spent = (reading) => after[reading] - before[reading]
  return {
    perSecond: answered / seconds,
    cpuEach: (spent('cpu') * 1000) / answered,
    busy: spent('cpu') / 1000 / seconds,
    foreign:
      Math.max(spent('serverCore') - spent('cpu'), spent('loadCore') - spent('loadCpu')) / spent('wall'),
    stolen: spent('stolen') / spent('wall'),
    trouble,
  }
}

// All in ms.
function readings(server, loadCpuTime) {
  const serverCore = coreTimes(cores.server)
  const loadCore = coreTimes(cores.load)
  return {
    wall: performance.now(),
    cpu: cpuTimeOf(server.process.pid) / 1e6,
    loadCpu: loadCpuTime(),
    serverCore: serverCore.ran,
    loadCore: loadCore.ran,
    stolen: serverCore.stolen + loadCore.stolen,
  }
}

function isUndisturbed({ foreign, stolen, trouble }) {
  return foreign < foreignLimit && stolen < foreignLimit && trouble === undefined
}

/** Over the undisturbed rounds, or over all where there is none. */
export function mediansOf(rounds) {
  const undisturbed = rounds.filter(isUndisturbed)
  const counted = undisturbed.length > 0 ? undisturbed : rounds
  const of = (reading) => median(counted.map((round) => round[reading]))
  return { perSecond: of('perSecond'), cpuEach: of('cpuEach'), busy: of('busy') }
}

function isStarved({ rounds }) {
  return rounds.some(isUndisturbed) && mediansOf(rounds).busy < saturated
}

/** The last two columns of a table: how busy the server's core was, and how many rounds count. */
export function trustOf(server) {
  const { rounds } = server
  return [
    `${fixed(mediansOf(rounds).busy * 100, 0)} %${isStarved(server) ? ' <' : ''}`,
    `${rounds.filter(isUndisturbed).length} of ${rounds.length}`,
  ]
}

/** What has to be said below a table. */
export function* notesOn(servers) {
  for (const { title, rounds, failure } of servers) {
    if (failure) yield `${title} failed: ${failure.message}`
    if (rounds.length > 0 && !rounds.some(isUndisturbed))
      yield `${title}: every round was disturbed; do not trust its row.`
    for (const trouble of new Set(rounds.map((round) => round.trouble))) {
      if (trouble !== undefined) yield `${title}: ${trouble}`
    }
  }
  if (servers.some(isStarved)) yield starvedNote
}

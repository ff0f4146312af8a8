// Rounds of measurements on servers that run on a core of their own: what one of them costs, which were disturbed and have
// to be repeated, and the medians of those that were not.

import { cores, portOf, start, stop } from './children.js'
import { commandOf } from './competitors.js'
import { coreTimes, cpuTimeOf } from './cpu.js'
import { aboutTheRound, countedOf, isUndisturbed } from './disturbance.js'
import { chosen, fixed, median, rotated } from './figures.js'

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
 * @param load resolves to how many requests or messages were `answered`, in how many `seconds`, what `trouble` there was, and
 * what else it has read
 * @param loadCpuTime CPU time of the load so far, in ms
 */
export async function measure(server, load, loadCpuTime) {
  const before = readings(server, loadCpuTime)
  const { answered, seconds, trouble, ...others } = await load()
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
    ...others,
  }
}

// All in ms.
function readings(server, loadCpuTime) {
  const serverCore = coreTimes(cores.server)
  const loadCore = coreTimes(cores.load)
  return {
    wall: performance.now(),
    cpu: cpuTimeOfServer(server),
    loadCpu: loadCpuTime(),
    serverCore: serverCore.ran,
    loadCore: loadCore.ran,
    stolen: serverCore.stolen + loadCore.stolen,
  }
}

// One process, or several that serve together.
function cpuTimeOfServer({ process, processes = [process] }) {
  return processes.reduce((sum, { pid }) => sum + cpuTimeOf(pid) / 1e6, 0)
}

/**
 * The servers' rounds and medians as results are kept.
 *
 * @param scenario.units by reading
 * @param inUnit what makes of a round's readings those of the units, where they are others
 */
export function scenarioOf({ name, title, units }, servers, inUnit = (round) => round) {
  const competitors = servers.map((server) => {
    const rounds = server.rounds.map(inUnit)
    return {
      name: server.name,
      title: server.title,
      failure: server.failure?.message,
      medians: mediansOf(rounds),
      rounds,
    }
  })
  return { name, title, units, competitors }
}

function mediansOf(rounds) {
  const counted = countedOf(rounds)
  const readings = Object.keys(counted[0] ?? {}).filter((reading) => !aboutTheRound.has(reading))
  return Object.fromEntries(
    readings.map((reading) => [reading, median(counted.map((round) => round[reading]))]),
  )
}

/** A competitor's medians by its name; no numbers where it was not measured. */
export function mediansNamed({ competitors }, name) {
  return competitors.find((competitor) => competitor.name === name)?.medians ?? {}
}

function isStarved({ rounds, medians }) {
  return rounds.some(isUndisturbed) && medians.busy < saturated
}

/** The last two columns of a table: how busy the server's core was, and how many rounds count. */
export function trustOf(competitor) {
  const { rounds, medians } = competitor
  return [
    `${fixed(medians.busy * 100, 0)} %${isStarved(competitor) ? ' <' : ''}`,
    `${rounds.filter(isUndisturbed).length} of ${rounds.length}`,
  ]
}

/** What has to be said below a table. */
export function* notesOn({ competitors }) {
  for (const { title, rounds, failure } of competitors) {
    if (failure) yield `${title} failed: ${failure}`
    if (rounds.length > 0 && !rounds.some(isUndisturbed))
      yield `${title}: every round was disturbed; do not trust its row.`
    for (const trouble of new Set(rounds.map((round) => round.trouble))) {
      if (trouble !== undefined) yield `${title}: ${trouble}`
    }
  }
  if (competitors.some(isStarved)) yield starvedNote
}

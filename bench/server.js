// Requests per second and server CPU per request, every competitor in turn within one run.
// The CPU time is taken around a whole run of the load generator and divided by the requests it saw answered: exact,
// and steadier than requests/s, which on two cores is often the generator's figure rather than the server's.

import { cores, demandTwoCores, portOf, start, stop } from './children.js'
import { commandOf, competitors } from './competitors.js'
import { coreTimes, cpuTimeOf, cpuTimeOfEndedChildren, pinSelf } from './cpu.js'
import { chosen, rotated } from './figures.js'
import { requests } from './inputs.js'
import { pickGenerator } from './load/generator.js'
import { isUndisturbed, report } from './server-report.js'
import { verify } from './server-verify.js'

const connections = 50
const depths = { pipelined: 16 }

/** @param options.seconds of one measurement; each server is warmed up for half of it first, and for 2 s at least */
export async function run({ rounds = 3, seconds = 4, only, scenario }) {
  demandTwoCores()
  pinSelf(cores.load)
  const generator = pickGenerator()
  console.log(
    `Load: ${generator.name}, ${connections} connections; medians of ${rounds} rounds of ${seconds} s.`,
  )
  for (const name of chosen(Object.keys(requests), scenario)) {
    const servers = await startAll(chosen(Object.keys(competitors), only), name)
    const job = { request: requests[name], depth: depths[name] ?? 1, connections }
    const warmUpSeconds = Math.max(2, seconds / 2)
    for (const { port } of servers) await generator.load({ ...job, port, seconds: warmUpSeconds })
    const measureOne = (server) => measure(server, generator, { ...job, port: server.port, seconds })
    await measureAll(servers, rounds, measureOne)
    for (const server of servers) await stop(server.process)
    report(name, servers)
  }
}

async function startAll(names, scenario) {
  const servers = []
  for (const name of names) {
    const child = start(...commandOf(name, scenario), { core: cores.server })
    try {
      const port = await portOf(child)
      await verify(port, scenario)
      servers.push({ name, process: child, port, rounds: [] })
    } catch (error) {
      console.log(`${competitors[name].title} is left out of ${scenario}: ${error.message}`)
      await stop(child)
    }
  }
  return servers
}

// A disturbed measurement is repeated, up to as many times again as there are rounds; a server that dies is let go.
async function measureAll(servers, rounds, measureOne) {
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

async function measure(server, generator, job) {
  const before = readings(server)
  const { answered, seconds, trouble } = await generator.load(job)
  const after = readings(server)
  const spent = (reading) => after[reading] - before[reading]
  return {
    perSecond: answered / seconds,
    cpuPerRequest: (spent('cpu') * 1000) / answered,
    busy: spent('cpu') / 1000 / seconds,
    foreign:
      Math.max(spent('serverCore') - spent('cpu'), spent('loadCore') - spent('loadCpu')) / spent('wall'),
    stolen: spent('stolen') / spent('wall'),
    trouble,
  }
}

// All in ms.
function readings(server) {
  const serverCore = coreTimes(cores.server)
  const loadCore = coreTimes(cores.load)
  return {
    wall: performance.now(),
    cpu: cpuTimeOf(server.process.pid) / 1e6,
    loadCpu: cpuTimeOfEndedChildren(),
    serverCore: serverCore.ran,
    loadCore: loadCore.ran,
    stolen: serverCore.stolen + loadCore.stolen,
  }
}

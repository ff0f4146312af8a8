// Requests per second and server CPU per request, every competitor in turn within one run.
// The CPU time is taken around a whole run of the load generator and divided by the requests it saw answered: exact,
// and steadier than requests/s, which on two cores is often the generator's figure rather than the server's.

import { cores, demandTwoCores, stop } from './children.js'
import { competitors } from './competitors.js'
import { cpuTimeOfEndedChildren, pinSelf } from './cpu.js'
import { chosen } from './figures.js'
import { requests } from './inputs.js'
import { pickGenerator } from './load/generator.js'
import { measure, measureAll, scenarioOf, startAll } from './rounds.js'
import { report } from './server-report.js'
import { verify } from './server-verify.js'

const connections = 50
const depths = { pipelined: 16 }
const titles = {
  hello: 'hello: GET, Host only',
  browser: 'browser: GET, the 12 fields a browser sends',
  json: 'json: POST of 1 KiB, parsed and stringified',
  pipelined: 'pipelined: hello, 16 in a write',
  large: 'large: GET of 64 KiB',
}
const units = { cpuEach: 'µs of CPU per request', perSecond: 'requests/s' }

/** @param options.seconds of one measurement; each server is warmed up for half of it first, and for 2 s at least */
export async function run({ rounds = 3, seconds = 4, only, scenario }) {
  demandTwoCores()
  pinSelf(cores.load)
  const generator = pickGenerator()
  console.log(
    `Load: ${generator.name}, ${connections} connections; medians of ${rounds} rounds of ${seconds} s.`,
  )
  const scenarios = []
  for (const name of chosen(Object.keys(requests), scenario)) {
    const servers = await startAll(competitors, {
      only,
      scenario: name,
      verify: (port) => verify(port, name),
    })
    const job = { request: requests[name], depth: depths[name] ?? 1, connections }
    const warmUpSeconds = Math.max(2, seconds / 2)
    for (const { port } of servers) await generator.load({ ...job, port, seconds: warmUpSeconds })
    await measureAll(servers, rounds, (server) =>
      measure(server, () => generator.load({ ...job, port: server.port, seconds }), cpuTimeOfEndedChildren),
    )
    for (const server of servers) await stop(server.process)
    const measured = scenarioOf({ name, title: titles[name], units }, servers)
    report(measured)
    scenarios.push(measured)
  }
  return { options: { rounds, seconds }, scenarios }
}

// wrk as the load: native, so one core of it outruns a Node server on the other.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { cores, outputOf, start } from '../children.js'
import { messageOf } from '../inputs.js'

const script = fileURLToPath(new URL('wrk.lua', import.meta.url))

export const name = 'wrk'

export function isInstalled() {
  return spawnSync('wrk', ['-v']).error === undefined
}

/** @returns requests answered and, if any went wrong, what wrk says of them */
export async function load({ port, request, depth, connections, seconds }) {
  const env = { REQUEST: messageOf(request), DEPTH: `${depth}` }
  const args = [
    '-t',
    '1',
    '-c',
    `${connections}`,
    '-d',
    `${seconds}s`,
    '-s',
    script,
    `http://127.0.0.1:${port}/`,
  ]
  const output = await outputOf(start('wrk', args, { core: cores.load, env }))
  const [, answered, elapsed, unit] = /(\d+) requests in ([\d.]+)(ms|s|m)/.exec(output)
  const trouble = /Socket errors.*|Non-2xx.*/.exec(output)?.[0]
  return { answered: Number(answered), seconds: Number(elapsed) * { ms: 0.001, s: 1, m: 60 }[unit], trouble }
}

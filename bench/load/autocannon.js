// autocannon as the load, where there is no wrk: it comes with npm, but being JavaScript it is slower than the servers.

import { fileURLToPath } from 'node:url'
import { cores, outputOf, start } from '../children.js'

const cannon = fileURLToPath(new URL('autocannon-run.js', import.meta.url))

export const name = 'autocannon'

/** @returns requests answered and, if any went wrong, how many */
export async function load({ port, request, depth, connections, seconds }) {
  const job = JSON.stringify({ port, request, depth, connections, seconds })
  return JSON.parse(await outputOf(start(process.execPath, [cannon, job], { core: cores.load })))
}

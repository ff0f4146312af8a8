// The servers compared and how each is started; servers/ has one file for each.

import { fileURLToPath } from 'node:url'

const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
const node = [process.execPath]
// Deno's own binary: what npm links is a script that would start it as a child.
const deno = [inBench('node_modules/deno/deno'), 'run', '--no-config', '--allow-net']
const bun = [inBench('node_modules/bun/bin/bun.exe')]

export const competitors = {
  httpkit: { title: 'httpkit-wasm', runtime: node },
  null: { title: 'null server', runtime: node },
  'node-http': { title: 'node:http', runtime: node },
  fastify: { title: 'fastify', runtime: node },
  hono: { title: 'hono', runtime: node },
  bun: { title: 'Bun.serve', runtime: bun },
  deno: { title: 'Deno.serve', runtime: deno },
}

/** Command and arguments of a competitor, serving one scenario on a free port. */
export function commandOf(name, scenario, nodeOptions = []) {
  const [command, ...options] = competitors[name].runtime
  return [command, [...options, ...nodeOptions, inBench(`servers/${name}.js`), '0', scenario]]
}

// The servers compared and how each is started; servers/ has one file for each, those for WebSockets in a folder of
// their own.

import { fileURLToPath } from 'node:url'

const inBench = (path) => fileURLToPath(new URL(path, import.meta.url))
const node = [process.execPath]
// Deno's own binary: what npm links is a script that would start it as a child.
const deno = [inBench('node_modules/deno/deno'), 'run', '--no-config', '--allow-net']
const bun = [inBench('node_modules/bun/bin/bun.exe')]

export const competitors = {
  httpkit: { title: 'httpkit-wasm', runtime: node, file: 'httpkit' },
  null: { title: 'null server', runtime: node, file: 'null' },
  'node-http': { title: 'node:http', runtime: node, file: 'node-http' },
  fastify: { title: 'fastify', runtime: node, file: 'fastify' },
  hono: { title: 'hono', runtime: node, file: 'hono' },
  bun: { title: 'Bun.serve', runtime: bun, file: 'bun' },
  deno: { title: 'Deno.serve', runtime: deno, file: 'deno' },
}

export const webSocketCompetitors = {
  httpkit: { title: 'httpkit-wasm', runtime: node, file: 'websocket/httpkit' },
  ws: { title: 'ws + bufferutil', runtime: node, file: 'websocket/ws' },
  'ws-plain': { title: 'ws', runtime: node, file: 'websocket/ws', env: { WS_NO_BUFFER_UTIL: '1' } },
  bun: { title: 'Bun.serve', runtime: bun, file: 'websocket/bun' },
  deno: { title: 'Deno.serve', runtime: deno, file: 'websocket/deno' },
}

export const hubCompetitors = {
  httpkit: { title: 'httpkit-wasm', runtime: node, file: 'hub/httpkit' },
  'socket-io': { title: 'socket.io', runtime: node, file: 'hub/socket-io' },
  ws: { title: 'ws, by hand', runtime: node, file: 'hub/ws' },
}

/** Command and arguments of a competitor, serving one scenario on a free port. */
export function commandOf({ runtime, file }, scenario, nodeOptions = []) {
  const [command, ...options] = runtime
  return [command, [...options, ...nodeOptions, inBench(`servers/${file}.js`), '0', scenario]]
}

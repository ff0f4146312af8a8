// Every runtime that the suite runs on, in the order of the README's table.

import { bun } from './bun.js'
import { chromium } from './chromium.js'
import { deno } from './deno.js'
import { edgeRuntime } from './edge-runtime.js'
import { node20, node22, node24, node26 } from './node.js'
import { bunSockets, denoSockets } from './sockets.js'
import { workerd, workerdWithNode } from './workerd.js'

export const drivers = [
  node20,
  node22,
  node24,
  node26,
  bun,
  bunSockets,
  deno,
  denoSockets,
  workerd,
  workerdWithNode,
  edgeRuntime,
  chromium,
]

import * as index from 'httpkit-wasm'
import * as client from 'httpkit-wasm/client'
import * as core from 'httpkit-wasm/core'
import * as edge from 'httpkit-wasm/edge'
import * as fake from 'httpkit-wasm/fake'
import * as hub from 'httpkit-wasm/hub'
import * as metrics from 'httpkit-wasm/metrics'
import * as middleware from 'httpkit-wasm/middleware'
import * as server from 'httpkit-wasm/server'
import * as threads from 'httpkit-wasm/threads'
import { exercise } from './exercise.mjs'

const kit = {
  '.': index,
  './server': server,
  './client': client,
  './fake': fake,
  './core': core,
  './middleware': middleware,
  './edge': edge,
  './hub': hub,
  './threads': threads,
  './metrics': metrics,
}
console.log(JSON.stringify(await exercise(kit)))

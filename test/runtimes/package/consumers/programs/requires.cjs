const kit = {
  '.': require('httpkit-wasm'),
  './server': require('httpkit-wasm/server'),
  './client': require('httpkit-wasm/client'),
  './fake': require('httpkit-wasm/fake'),
  './core': require('httpkit-wasm/core'),
  './middleware': require('httpkit-wasm/middleware'),
  './edge': require('httpkit-wasm/edge'),
  './hub': require('httpkit-wasm/hub'),
  './threads': require('httpkit-wasm/threads'),
  './metrics': require('httpkit-wasm/metrics'),
}

import('./exercise.mjs')
  .then(({ exercise }) => exercise(kit))
  .then((result) => console.log(JSON.stringify(result)))

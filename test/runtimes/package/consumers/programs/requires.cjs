const kit = {
  '.': require('httpkit-wasm'),
  './server': require('httpkit-wasm/server'),
  './client': require('httpkit-wasm/client'),
  './fake': require('httpkit-wasm/fake'),
  './core': require('httpkit-wasm/core'),
  './middleware': require('httpkit-wasm/middleware'),
  './edge': require('httpkit-wasm/edge'),
}

import('./exercise.mjs')
  .then(({ exercise }) => exercise(kit))
  .then((result) => console.log(JSON.stringify(result)))

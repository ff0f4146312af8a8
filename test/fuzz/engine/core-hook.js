// Preloaded where the fuzzer runs: whoever imports `#core` is given the instrumented one.
import { register } from 'node:module'

const hooks = `export const resolve = (specifier, context, next) => specifier === '#core'
  ? { url: ${JSON.stringify(new URL('../../../build/fuzz/core.mjs', import.meta.url).href)}, shortCircuit: true }
  : next(specifier, context)`

register(`data:text/javascript,${encodeURIComponent(hooks)}`)

// One module of ours that uses the package, as a bundle for one runtime: with the package as it is built, resolved by the
// runtime's own conditions, as a user's bundler would.

import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rolldown } from 'rolldown'
import { here, root } from './packages.js'

/**
 * @param file path of a module that exports `run(options)`
 * @returns the path of the bundle, which lies beside a core.wasm
 */
export async function bundleModule({ name, conditions, bundling = {} }, file) {
  const folder = join(here, 'node_modules/.modules', basename(file, '.js'), name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const bundle = await rolldown({
    cwd: root,
    input: { suite: file },
    platform: 'neutral',
    logLevel: 'warn',
    resolve: { conditionNames: [...conditions, 'import', 'default'] },
    plugins: [bundling.plugins, outside, ourselves],
  })
  await bundle.write({ dir: folder, codeSplitting: false, ...bundling.output })
  await bundle.close()
  copyFileSync(join(root, 'build/core.wasm'), join(folder, 'core.wasm'))
  return join(folder, 'suite.js')
}

const outside = {
  name: 'outside',
  resolveId: (id) => (/^(node|cloudflare):|\.wasm(\?module)?$/.test(id) ? { id, external: true } : null),
}

/** What only a module of the package itself can import: the package by its name, and what has a # before its own. */
const ourselves = {
  name: 'ourselves',
  resolveId(specifier) {
    if (!/^(httpkit-wasm\/|#)/.test(specifier)) return null
    return this.resolve(specifier, join(root, 'package.json'), { skipSelf: true })
  },
}

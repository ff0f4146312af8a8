// Makes one module of worker.js and all it imports, with the library as its package.json has it for workerd.

import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const here = fileURLToPath(new URL('.', import.meta.url))
const examples = resolve(here, '..')

/** What the runtime has, and core.wasm, which is a module of its own there. */
const outside = {
  name: 'outside',
  resolveId(id) {
    return /^(node|cloudflare):|\.wasm$/.test(id) ? { id, external: true } : null
  },
}

/** Each module sees itself where workerd shows the worker's files. */
const inBundle = {
  name: 'in-bundle',
  transform(code, id) {
    return code.replaceAll('import.meta.url', JSON.stringify(`file:///bundle/${relative(examples, id)}`))
  },
}

export async function bundle() {
  const { output } = await build({
    input: join(examples, 'worker.js'),
    platform: 'neutral',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import'] },
    plugins: [outside, inBundle],
    logLevel: 'warn',
    write: false,
  })
  write(join(here, 'bundle/worker.js'), output[0].code)
}

/** All at once, for another workerd may be reading what was there. */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(`${path}.${process.pid}`, text)
  renameSync(`${path}.${process.pid}`, path)
}

// `npm run start:worker`: bundles worker.js, and has workerd serve it.

import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.js'
import { install } from './install.js'

const here = fileURLToPath(new URL('.', import.meta.url))
const port = process.env.PORT || 8090

install()
await bundle()
serve(createRequire(import.meta.url)('workerd').default)

function serve(program) {
  // It says what it listens on where it is told to: the fourth of its pipes.
  const args = ['serve', `${here}config.capnp`, `--socket-addr=http=*:${port}`, '--control-fd=3']
  const workerd = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] })
  let listens = false
  createInterface({ input: workerd.stdio[3] }).on('line', (line) => {
    const said = JSON.parse(line)
    if (said.event !== 'listen') return
    listens = true
    console.log(`The examples are at http://localhost:${said.port}, served by workerd`)
  })
  workerd.once('exit', (code) => {
    if (!listens) console.error(`Port ${port} is taken? Another one: PORT=8091 npm run start:worker`)
    process.exit(code ?? 0)
  })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end(workerd))
}

function end(workerd) {
  workerd.kill() // lets requests in flight end
  setTimeout(() => workerd.kill('SIGKILL'), 3000)
}

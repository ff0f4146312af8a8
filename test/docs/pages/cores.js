// What docs/cores.md says of threads, and its worker under the primary of the examples.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { get, post } from 'httpkit-wasm'

const primary = fileURLToPath(new URL('../../../examples/cluster.js', import.meta.url))

export const programs = ['worker.js']

export const checks = {
  async 'Threads for what computes'({ count, search }, { url, printed }) {
    const { body } = await post(`${url()}/count`, { body: 'aab', as: 'text' })
    assert.deepEqual(JSON.parse(body).slice(97, 99), [2, 1])
    assert.equal((await get(url(), { as: 'text' })).body, 'hello\n')
    assert.equal(count.stats().threads, 2)
    assert.equal(search.stats().completed, 1)
    assert.match(printed.at(-1), /^50000000/)
  },
  'The end'({ server, count, search }) {
    assert.equal(server.status, 'stopped')
    assert.deepEqual([count.stats().threads, search.stats().threads], [0, 0])
  },
  async 'Processes that share a port'(_, { folder, until }) {
    const code = readFileSync(join(folder, 'worker.js'), 'utf8').replace('port: 8090', 'port: 0')
    const tellsPort = "process.send('ready'); console.log('port ' + server.port)"
    writeFileSync(join(folder, 'any-port.js'), code.replace("process.send('ready')", tellsPort))
    const program = spawn(process.execPath, [primary, join(folder, 'any-port.js')], {
      env: { ...process.env, WORKERS: '2' },
    })
    let said = ''
    let failed = ''
    program.stdout.on('data', (text) => {
      said += text
    })
    program.stderr.on('data', (text) => {
      failed += text
    })
    process.once('exit', () => program.kill('SIGKILL'))
    await until(() => said.includes('2 workers'))
    const ask = async () =>
      (await get(`http://localhost:${/port (\d+)/.exec(said)[1]}/`, { as: 'text' })).body
    const before = await ask()
    program.kill('SIGHUP')
    await until(() => said.includes('all workers are new'))
    assert.match(await ask(), /^from \d+\n$/)
    assert.notEqual(await ask(), before)
    program.kill('SIGTERM')
    await until(() => program.exitCode !== null)
    assert.deepEqual([program.exitCode, failed], [0, ''])
  },
}

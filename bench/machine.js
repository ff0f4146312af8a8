// On what and with what was measured: the first line of every run, for whoever reads its tables later.

import { readFileSync } from 'node:fs'
import { cpus, release, type } from 'node:os'

const peers = new URL('package.json', import.meta.url)

export function describeMachine() {
  const processors = cpus()
  const { dependencies } = JSON.parse(readFileSync(peers, 'utf8'))
  const versions = Object.entries(dependencies).map(([name, version]) => `${name} ${version}`)
  const machine = `${processors.length} × ${processors[0].model.trim()}, ${type()} ${release().split('-')[0]}`
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.versions.node}; ${versions.join(', ')}\n`
}

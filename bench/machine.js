// On what and with what was measured: the first line of every run, for whoever reads its tables later.

import { cpus, release, type } from 'node:os'
import { peers } from './peers.js'

export function describeMachine() {
  const processors = cpus()
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  const machine = `${processors.length} × ${processors[0].model.trim()}, ${type()} ${release().split('-')[0]}`
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.versions.node}; ${versions.join(', ')}\n`
}

// On what and with what was measured: the first line of every run, for whoever reads its tables later.

import { cpus, release, type } from 'node:os'
import { peers } from './peers.js'

const processors = cpus()

/** Processors and kernel, and nothing that names the one machine. */
export const machine = `${processors.length} × ${processors[0].model.trim()}, ${type()} ${release().split('-')[0]}`

export function describeMachine() {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`)
  return `${new Date().toISOString().slice(0, 10)}, ${machine}, Node ${process.versions.node}; ${versions.join(', ')}\n`
}

// Of vitest's vi: functions that remember their calls, and variables of the environment for a while.

import { fn, restoreAllMocks, spyOn } from '@vitest/spy'

const before = new Map()

export const vi = {
  fn,
  spyOn,
  restoreAllMocks,
  stubEnv(name, value) {
    if (!before.has(name)) before.set(name, process.env[name])
    set(name, value)
  },
  unstubAllEnvs() {
    for (const [name, value] of before) set(name, value)
    before.clear()
  },
}

function set(name, value) {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}

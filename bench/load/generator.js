// Which load generator: wrk where it is installed, else autocannon. Measured: one core of wrk outruns every server but the
// null one, with which it is about even; autocannon spends more on a request than most of them.

import * as autocannon from './autocannon.js'
import * as wrk from './wrk.js'

export function pickGenerator() {
  if (wrk.isInstalled()) return wrk
  console.log(
    'wrk is not installed (Debian: apt-get install wrk). autocannon takes its place but is slower than the',
  )
  console.log('servers: requests/s will be its own, and only the CPU figures tell the servers apart.')
  return autocannon
}

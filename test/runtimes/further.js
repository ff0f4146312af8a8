// What a run is besides the suite on each runtime: tests on Node whose other end is a runtime, or the package as it is packed.
// Each gives a report as drivers do.

import { runClient } from './client/run.js'
import { runExamples } from './examples.js'
import { runPackage } from './package/run.js'
import { runServed } from './served/run.js'

export const further = [
  { name: 'served', title: 'behind the platforms’ own servers', run: runServed },
  { name: 'worker-client', title: 'the client in workerd', run: runClient },
  { name: 'worker-examples', title: 'the examples as a worker', run: runExamples },
  { name: 'package', title: 'the package as users get it', run: runPackage },
]

// The examples as a worker: the tests of what `npm start` serves, of what `npm run start:worker` serves.

import { install } from '../../examples/worker/install.js'
import { runVitest } from './run-vitest.js'

const FILES = [
  'test/server/examples.test.ts',
  'test/server/chat-example.test.ts',
  'test/peers/chromium.test.ts',
  'test/peers/upload-chromium.test.ts',
]

/** @returns a report as drivers give it */
export async function runExamples() {
  install() // here, for those files run side by side
  return runVitest(FILES, { EXAMPLES: 'worker' })
}

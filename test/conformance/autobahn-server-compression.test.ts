// The case list of the Autobahn WebSocket testsuite, sections 12 and 13, played by a raw client against our server: see
// compression.ts.
import { describe, it } from 'vitest'
import { compression, titleOf } from './compression.js'
import { ourServer } from './our-server.js'
import { playCompressed } from './play.js'

describe('our server: compression', () => {
  for (const row of compression) it(`${row.number} ${titleOf(row)}`, () => playCompressed(ourServer, row))
})

// The case list of the Autobahn WebSocket testsuite, sections 12 and 13, played by a raw server against our client: see
// compression.ts.
import { describe, it } from 'vitest'
import { compression, titleOf } from './compression.js'
import { ourClient } from './our-client.js'
import { playCompressed } from './play.js'

describe('our client: compression', () => {
  for (const row of compression) it(`${row.number} ${titleOf(row)}`, () => playCompressed(ourClient, row))
})

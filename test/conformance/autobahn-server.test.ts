// The case list of the Autobahn WebSocket testsuite, sections 1 to 10, played by a raw client against our server: see
// script.ts.
import { describe, it } from 'vitest'
import { ourServer } from './our-server.js'
import { play } from './play.js'
import { sections } from './sections.js'
import { scriptOf, sizes, titleOf } from './sizes.js'

describe.each(sections)('our server: %s', (_, cases) => {
  it.each(cases)('%s %s', (_number, _title, script) => play(ourServer, script))
})

describe('our server: sizes', () => {
  for (const row of sizes) it(`${row.number} ${titleOf(row)}`, () => play(ourServer, scriptOf(row)))
})

// The case list of the Autobahn WebSocket testsuite, sections 1 to 10, played by a raw server against our client: see
// script.ts.
import { describe, it } from 'vitest'
import { ourClient } from './our-client.js'
import { play } from './play.js'
import { sections } from './sections.js'
import { scriptOf, sizes, titleOf } from './sizes.js'

describe.each(sections)('our client: %s', (_, cases) => {
  it.each(cases)('%s %s', (_number, _title, script) => play(ourClient, script))
})

describe('our client: sizes', () => {
  for (const row of sizes) it(`${row.number} ${titleOf(row)}`, () => play(ourClient, scriptOf(row)))
})

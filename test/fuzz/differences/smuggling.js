// Request smuggling, family by family: for each payload that is known to have set two parties against each other, what
// this server does with it, and why no front end can be desynchronised by it. Data and documentation at once: a table is
// made of it, and test/server/smuggling.test.ts sends every payload over a socket and holds the server to `expected`
// (smuggling/outcomes.js tells what it says).
//
// A payload is bytes, Latin-1, that stand on a connection between a good request and another one, `next`. `/smuggled` is
// what its author wants served; where it is served, it is a request by every rule there is, and has its own answer.
//
// Sources beside the RFCs: "HTTP Request Smuggling" (Linhart, Klein, Heled and Orrin, 2005); "Hiding Wookiees in HTTP"
// (regilero, 2016); "HTTP Request Smuggling in 2020" (Klein); "HTTP Desync Attacks" (2019), "Browser-Powered Desync
// Attacks" (2022), "HTTP/1.1 must die" (2025) and "Can AI do novel security research?" (2026), all by Kettle; "Funky
// chunks" and its addendum (Weikop, 2025); "TE.0" (Arnolfo, Peixoto and Mariani, 2024); websocket-smuggle (0ang3el,
// 2019); "h2c Smuggling" (Miller, 2020); HTTP Garden (Kallus and others, 2024); Http11Probe (MDA2AV, 2026).

import { answers } from './smuggling/answers.js'
import { chunks } from './smuggling/chunks.js'
import { connections } from './smuggling/connections.js'
import { lengths } from './smuggling/lengths.js'
import { lines } from './smuggling/lines.js'

export { answerFamilies, requestFamilies } from './smuggling/client.js'
export { smuggled } from './smuggling/outcomes.js'

export const families = [...lengths, ...chunks, ...lines, ...connections, ...answers]

/** What stands behind every payload: served once where the connection goes on, never where it does not. */
export const next = 'GET /next HTTP/1.1\r\nHost: next.example\r\n\r\n'

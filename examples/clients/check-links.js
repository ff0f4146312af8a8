// A link checker: it reads the pages of one site and looks at whatever they link to. crawl.js does the work; here is
// what it is asked, and what becomes of what it has found.

import { parseArgs } from 'node:util'
import { makeClient } from 'httpkit-wasm'
import { Crawl } from './crawl.js'

const usage = `Usage: node examples/clients/check-links.js [--connections 8] [--pages 500] [--timeout 10] URL

Reads at most so many pages, over so many connections; the timeout is in seconds. Prints the links that are broken, and
those that lead elsewhere by now. Ends with 0 when none is broken, 1 when some are, 2 for a wrong line.`

const leaving = new AbortController()
process.once('SIGINT', () => leaving.abort()) // what was found until then is told

const { url, connections, maxPages, timeout } = readArguments()
// The client keeps connections and shares them out; at the limit it closes an idle one to make room for another host.
const client = makeClient({ maxConnections: connections })
const crawl = new Crawl(url, { client, connections, maxPages, timeout, signal: leaving.signal, onLooked })
await crawl.run()
await client.close()
report()

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: {
        connections: { type: 'string', default: '8' },
        pages: { type: 'string', default: '500' },
        timeout: { type: 'string', default: '10' },
      },
      allowPositionals: true,
    })
    const [url, ...more] = positionals
    if (!URL.canParse(url) || !/^https?:/i.test(url) || more.length > 0) throw new Error('One URL, please')
    const connections = numberIn(values.connections, Number.isInteger)
    const maxPages = numberIn(values.pages, Number.isInteger)
    return { url, connections, maxPages, timeout: numberIn(values.timeout, Number.isFinite) * 1000 }
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

function numberIn(text, isFit) {
  const number = Number(text)
  if (number > 0 && isFit(number)) return number
  throw new Error(`Not a number of use here: ${text}`)
}

// One line, said over and over where somebody is watching.
function onLooked() {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${crawl.looked} of ${crawl.links.size} links`)
}

function report() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  const links = [...crawl.links].sort((a, b) => (a.url < b.url ? -1 : 1))
  const broken = links.filter(({ problem }) => problem)
  const moved = links.filter(({ problem, path }) => !problem && path.length > 0)
  const missing = links.flatMap((link) =>
    crawl.missingFragments(link).map(([fragment, places]) => ({ url: `${link.url}#${fragment}`, places })),
  )
  for (const link of broken) tell(link.problem, link)
  for (const link of missing) tell('No such fragment', link)
  for (const link of moved) tell('Moved', link)

  const looked = links.filter(({ problem, end }) => problem || end).length
  const problems = broken.length + missing.length
  const read = `${count(looked, 'link')}, ${count(crawl.pages, 'page')} read`
  console.log(`${read}: ${problems} broken, ${moved.length} moved`)
  if (crawl.links.omitted > 0) console.log(`Too many to look at: ${count(crawl.links.omitted, 'link')}`)
  if (leaving.signal.aborted) console.log('Interrupted')
  process.exitCode = leaving.signal.aborted ? 130 : Math.min(problems, 1)
}

function tell(what, { url, path = [], places }) {
  console.log(`${what}: ${[url, ...path].join(' → ')}`)
  for (const page of places.pages) console.log(`  on ${page}`)
  if (places.more > 0) console.log(`  and on ${count(places.more, 'page')} more`)
}

function count(number, noun) {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

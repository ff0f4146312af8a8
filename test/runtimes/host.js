// The program that Node, Bun and Deno run: imports a bundle, runs it, and prints its report as the last line.
// On the other stream it says which test is under way, for whoever must end it.

import { pathToFileURL } from 'node:url'

const [bundle, options = '{}'] = process.argv.slice(2)
const { run } = await import(pathToFileURL(bundle).href)
const report = await run({ ...JSON.parse(options), onTest: (name) => process.stderr.write(`${name}\n`) })
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit())

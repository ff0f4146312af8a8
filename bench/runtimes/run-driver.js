// Runs a bundle by one of the tests' drivers in a process of its own, for some of them work in the one that calls them:
// `run-driver.js NAME BUNDLE OPTIONS`. Prints what the bundle's `run` resolves to.

import { drivers } from '../../test/runtimes/drivers/index.js'

const [name, bundle, options] = process.argv.slice(2)
const report = await drivers.find((driver) => driver.name === name).run(bundle, JSON.parse(options))
process.stdout.write(JSON.stringify(report), () => process.exit())

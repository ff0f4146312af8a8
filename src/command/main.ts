#!/usr/bin/env node
// `httpkit-wasm serve`: a handler, or a folder, on a port.
import { fileURLToPath } from 'node:url'
import { readArguments, type ServeArguments } from './arguments.js'
import { CommandError } from './command-error.js'
import { DEFAULT_HOST, isModule, serve } from './serve.js'
import { freePort, isWatched, watch } from './watch.js'

async function run(args: string[]): Promise<void> {
  const given = readArguments(args)
  if (typeof given === 'string') process.stdout.write(given)
  else if (given.watch && !isWatched() && isModule(given.target))
    process.exitCode = await watchOver(given, args)
  else await serve(given)
}

// The port stays the same from one start to the next. Of two that are given the last one counts.
async function watchOver({ port, host }: ServeArguments, args: string[]): Promise<number> {
  const kept = port === 0 ? ['--port', String(await freePort(host ?? DEFAULT_HOST))] : []
  const end = args.indexOf('--')
  return watch(fileURLToPath(import.meta.url), args.toSpliced(end < 0 ? args.length : end, 0, ...kept))
}

await run(process.argv.slice(2)).catch((error) => {
  if (!(error instanceof CommandError)) throw error
  console.error(`httpkit-wasm: ${error.message}`)
  process.exit(error.exitCode)
})

// A module's default export as a handler.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FetchApp, fromFetch } from '../edge/from-fetch.js'
import { isThenable } from '../io/thenable.js'
import type { Handler, RingResponse } from '../ring/contract.js'
import type { ServerOptions } from '../server/options.js'
import { CommandError } from './command-error.js'

export interface Loaded {
  handler: Handler
  /** What it exports as `options`. */
  options: ServerOptions
}

type Exports = { default?: unknown; options?: ServerOptions; __esModule?: unknown }

/**
 * Imports the module at `path`, ESM or CommonJS.
 *
 * @param isFetch a default export that is a function takes a Request, not a request map
 * @throws CommandError where its default export is no handler; what the module throws
 */
export async function loadHandler(path: string, isFetch: boolean): Promise<Loaded> {
  const { default: exported, options = {} } = exportsOf(await importModule(path))
  if (hasFetch(exported)) return { handler: fromFetch(exported), options }
  if (typeof exported !== 'function') {
    throw new CommandError(`${path} has no default export that is a function, or has a fetch method`)
  }
  return { handler: isFetch ? fromFetch(exported as FetchApp) : ringOnly(exported as Handler), options }
}

// Node's own words tell where a module is wrong, if its error goes uncaught.
async function importModule(path: string): Promise<Exports> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (error) {
    console.error(`httpkit-wasm: ${path} cannot be loaded:`)
    throw error
  }
}

// CommonJS exports are the default export; so are those of a module that a compiler has made CommonJS of.
function exportsOf(module: Exports): Exports {
  const inner = module.default as Exports | undefined
  return inner?.__esModule === true ? inner : module
}

function hasFetch(exported: unknown): exported is { fetch: FetchApp } {
  return typeof (exported as { fetch?: unknown } | null | undefined)?.fetch === 'function'
}

// A Response would lose its headers without a word.
function ringOnly(handler: Handler): Handler {
  const check = (response: RingResponse): RingResponse => {
    if (!(response instanceof Response)) return response
    throw new TypeError('a Ring handler returned a Response: a fetch handler is served with --fetch')
  }
  return (req) => {
    const response = handler(req)
    return isThenable(response) ? response.then(check) : check(response)
  }
}

// What a test file needs of a runtime, read off what it imports, however indirectly: modules of Node's (`node:fs`) and packages
// by their names, and `process` where that is spoken of. A runtime says what it lacks: some of these, or `node:*`, `packages`.

import { rolldown } from 'rolldown'

/** Packages that need nothing of a runtime. */
const PORTABLE = ['@assemblyscript/loader', 'fast-check', 'h3', 'hono', 'itty-router', 'vitest']
/** What every runtime has that imports it. */
const CORE = /\.wasm(\?module)?$/
const PACKAGE = /^(?:@[\w.-]+\/)?\w[\w.-]*(?![^/])/

/** The name of the package that an import by name is of, if it is one that not every runtime can run. */
export function demandingPackage(specifier) {
  const [name] = PACKAGE.exec(specifier) ?? []
  return name && !PORTABLE.includes(name) ? name : undefined
}

/**
 * @param files absolute paths of test files
 * @param options of rolldown, that resolve what they import as it will be in the runtime
 * @returns a map of each file to a set of its needs
 */
export async function needsOf(files, options) {
  const modules = new Map()
  const survey = {
    name: 'survey',
    moduleParsed: ({ id, code, importedIds, dynamicallyImportedIds }) =>
      void modules.set(id, {
        needs: spokenOf(id, code),
        imported: [...importedIds, ...dynamicallyImportedIds],
      }),
  }
  const bundle = await rolldown({
    ...options,
    input: files,
    treeshake: false,
    plugins: [options.plugins, survey],
  })
  await bundle.generate()
  await bundle.close()
  return new Map(files.map((file) => [file, gathered(file, modules)]))
}

function spokenOf(id, code) {
  if (!id.includes('/test/') || id.includes('/test/runtimes/')) return []
  const spoken = code.replace(/\/\*[\s\S]*?\*\/|^ *\/\/.*$/gm, '')
  return /\bprocess\.\w/.test(spoken) ? ['process'] : []
}

function gathered(file, modules) {
  const seen = new Set()
  const needs = new Set()
  const visit = (id) => {
    if (seen.has(id)) return
    seen.add(id)
    const module = modules.get(id)
    if (!module && !CORE.test(id)) needs.add(nameOf(id))
    for (const need of module?.needs ?? []) needs.add(need)
    for (const imported of module?.imported ?? []) visit(imported)
  }
  visit(file)
  return needs
}

// What stays outside of a bundle is a module of the runtime's, or the file of a package.
function nameOf(id) {
  return demandingPackage(id.split('/node_modules/').at(-1)) ?? id
}

/** Those of the needs that a runtime does not meet. */
export function lacking(needs, lacks) {
  return [...needs].filter((need) => lacks.includes(need) || lacks.includes(kindOf(need)))
}

function kindOf(need) {
  if (need.startsWith('node:')) return 'node:*'
  return need === 'process' ? need : 'packages'
}

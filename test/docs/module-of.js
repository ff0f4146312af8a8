// A block as an ES module: it gets by import what earlier blocks of its page have defined, and exports what it defines itself.
// Its lines have the numbers they have on the page, so that an error's stack says where to look.
import { parseAst } from 'rolldown/parseAst'

/**
 * @param known a map of the names that earlier blocks have defined, to the modules that export them
 * @returns `{ code, names }`: the module's text, and the names that it defines
 */
export function moduleOf({ text, line }, known) {
  const { body } = parseAst(text)
  const own = new Set(body.flatMap(namesOf))
  const exported = new Set(
    body.flatMap((node) => (node.type === 'ExportNamedDeclaration' ? namesOf(node) : [])),
  )
  const wanted = [...new Set(spokenIn(body))].filter((name) => known.has(name) && !own.has(name))
  const imports = wanted.map((name) => `import { ${name} } from '${known.get(name)}'; `).join('')
  const exports = [...own].filter((name) => !exported.has(name)).join(', ')
  return { code: `${'\n'.repeat(line - 1)}${imports}${text}\nexport { ${exports} }\n`, names: [...own] }
}

// What a statement at the top of a module defines.
function namesOf({ type, declaration, declarations, specifiers, id }) {
  if (type === 'ExportNamedDeclaration' && declaration) return namesOf(declaration)
  if (type === 'ImportDeclaration') return specifiers.map(({ local }) => local.name)
  if (type === 'VariableDeclaration') return declarations.flatMap(({ id }) => boundIn(id))
  if (type === 'FunctionDeclaration' || type === 'ClassDeclaration') return [id.name]
  return []
}

function boundIn(pattern) {
  if (pattern === null) return []
  if (pattern.type === 'Identifier') return [pattern.name]
  if (pattern.type === 'ObjectPattern') return pattern.properties.flatMap((one) => boundIn(one.value ?? one))
  if (pattern.type === 'ArrayPattern') return pattern.elements.flatMap(boundIn)
  return boundIn(pattern.left ?? pattern.argument)
}

// The names in a piece of code, but those of members and keys. Some are its own, which does no harm.
function* spokenIn(node) {
  if (Array.isArray(node)) for (const one of node) yield* spokenIn(one)
  else if (node?.type === 'Identifier') yield node.name
  else if (node && typeof node === 'object') {
    for (const [key, value] of Object.entries(node)) {
      const isName = !node.computed && ((key === 'property' && node.object) || (key === 'key' && node.value))
      if (!isName) yield* spokenIn(value)
    }
  }
}

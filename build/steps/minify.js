// Makes the built modules small: no white space, short names for what only a function knows. Functions, classes and exports
// keep theirs, for profiles and stack traces; and each statement of a module has a line, for Node shows the line that threw.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { minifySync } from 'rolldown/utils'

const build = new URL('../', import.meta.url)
const STATEMENT = /(?<=[;}])(?=(?:import|export|const|let|class|(?:async )?function)[ *{])/g
const isModule = (path) => path.endsWith('.js') && !/^(steps|core\.asc|core-inline|media-types)/.test(path)

for (const path of readdirSync(build, { recursive: true }).filter(isModule)) {
  const file = new URL(path.replaceAll('\\', '/'), build)
  const { code, errors } = minifySync(path, readFileSync(file, 'utf8'), {
    module: true,
    compress: { keepNames: { function: true, class: true } },
    mangle: { keepNames: true },
    codegen: { removeWhitespace: true },
  })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`)
  writeFileSync(file, code.replace(STATEMENT, '\n'))
}

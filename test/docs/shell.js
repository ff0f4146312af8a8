// What lines for a shell speak of: npm's scripts, packages, files, and the command's own options. Those that lead nowhere are
// told; what the lines do is tested elsewhere.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @param files names of files that the page has
 * @returns what is wrong with the lines, in words
 */
export function lookAtShell(text, { root, files }) {
  return commandsOf(text).flatMap(([program, ...words]) => problems[program]?.(words, root, files) ?? [])
}

const argumentsOf = (words) => words.filter((word) => !word.startsWith('-'))

const problems = {
  node: (words, root, files) => {
    const [path] = argumentsOf(words)
    return files.includes(path) || existsSync(join(root, path)) ? [] : [`there is no ${path}`]
  },
  npm(words, root) {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const [command, ...names] = argumentsOf(words)
    if (command === 'install') {
      const packages = [manifest.name, ...Object.keys(manifest.devDependencies)]
      return names.filter((name) => !packages.includes(name)).map((name) => `no package is called ${name}`)
    }
    const script = command === 'run' ? names[0] : command
    return command === 'ci' || manifest.scripts[script] ? [] : [`npm has no script called ${script}`]
  },
  npx([name, ...words], root) {
    if (name !== 'httpkit-wasm') return [`${name} is another's`]
    const help = execFileSync(process.execPath, [join(root, 'build/command/main.js'), '--help'], {
      encoding: 'utf8',
    })
    const options = words.filter((word) => word.startsWith('-'))
    return options
      .filter((option) => !help.includes(` ${option}`))
      .map((option) => `no option is called ${option}`)
  },
}

function commandsOf(text) {
  return text
    .split(/\n|&&|\|/)
    .map((line) =>
      line
        .replace(/ #.*/, '')
        .replace(/^(\s*\w+=\S+)* */, '')
        .split(/\s+/)
        .filter(Boolean),
    )
    .filter((words) => words.length > 0)
}

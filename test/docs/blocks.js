// The blocks of code on a page, and the sections that they stand in.

/** What a page may show: js is run, sh looked at, the rest is for tests of its own, which name the language here. */
export const LANGUAGES = ['js', 'sh', 'nginx', 'haproxy', 'caddy', 'html', 'text']

// A line that holds nothing but a file's name, as a comment.
const FILE_NAME = /^(?:\/\/|#|<!--) ([\w./-]+\.\w+)(?: -->)?\n/

/** @returns in their order `{ language, text, line, section, name }`: the line of the first line of code, a file's name if it has one */
export function blocksOf(markdown) {
  const blocks = []
  let section = ''
  let block
  for (const [index, line] of markdown.split('\n').entries()) {
    if (block && line === '```') {
      blocks.push({ ...block, name: FILE_NAME.exec(block.text)?.[1] })
      block = undefined
    } else if (block) block.text += `${line}\n`
    else if (line.startsWith('```')) block = { language: line.slice(3), text: '', line: index + 2, section }
    else section = /^#+ (.*)/.exec(line)?.[1] ?? section
  }
  return blocks
}

// A target's inputs on disk, test/fuzz/corpus/NAME.txt: an input a line, escaped; a line that begins with '#' is a remark on
// the next.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fromLine, toLine } from './escaped.js'

function fileOf(name) {
  return new URL(`../corpus/${name}.txt`, import.meta.url)
}

function linesOf(name) {
  const file = fileOf(name)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
}

export function readCorpus(name) {
  return linesOf(name)
    .filter((line, index, lines) => !line.startsWith('#') && index < lines.length - 1)
    .map(fromLine)
}

/** Keeps an input for good, and why. */
export function addToCorpus(name, bytes, remark) {
  appendFileSync(fileOf(name), `# ${remark}\n${toLine(bytes)}\n`)
}

/** Writes the inputs in the place of those that stand there without a remark. */
export function writeCorpus(name, inputs) {
  const lines = linesOf(name)
  const remarked = lines.flatMap((line, index) => (line.startsWith('#') ? [line, lines[index + 1]] : []))
  const others = inputs.map(toLine).filter((line) => !remarked.includes(line))
  writeFileSync(fileOf(name), [...remarked, ...others.sort(), ''].join('\n'))
}

// The README's table of runtimes: which passed how many of the suite. It is written by this script alone, and a run whose
// counts are others fails, so that the page claims no more and no less than what was seen.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.js'

const README = join(root, 'README.md')
const PLACE = /(?<=<!-- runtimes -->\n)[\s\S]*?(?=<!-- end of runtimes -->)/

/** Puts the runs into the table; runtimes that are not among them keep their rows. */
export function writeTable(runs) {
  const text = readFileSync(README, 'utf8')
  const rows = new Map(rowsOf(text).map((row) => [row[0], row]))
  for (const run of runs) rows.set(run.driver.title, rowOf(run))
  writeFileSync(README, text.replace(PLACE, tableOf([...rows.values()])))
}

/** Sentences on what the table says otherwise. Versions may differ: a newer patch is no news. */
export function checkTable(runs) {
  const rows = new Map(rowsOf(readFileSync(README, 'utf8')).map((row) => [row[0], row]))
  return runs.flatMap((run) => {
    const [title, , passed] = rowOf(run)
    const claimed = rows.get(title)?.[2]
    if (claimed === passed || run.failed > 0) return []
    return `README.md says ${claimed ?? 'nothing'} of ${title}, which passed ${passed}: npm run test:runtimes -- --write`
  })
}

function rowsOf(text) {
  const [table = ''] = PLACE.exec(text) ?? []
  const cells = (line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  return table
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map(cells)
}

function rowOf({ driver, version, passed, leftOut }) {
  const files = new Set(Object.values(leftOut).flat()).size
  // Node's own modules are many, and the run has named them.
  const needs = new Set(
    Object.keys(leftOut).map((need) => (/^(node:|process$)/.test(need) ? "Node's modules" : `\`${need}\``)),
  )
  return [
    driver.title,
    version,
    passed.toLocaleString('en'),
    files === 0 ? '' : `${files}: ${[...needs].sort().join(', ')}`,
  ]
}

function tableOf(rows) {
  const head = [
    '| | version | tests passed | test files left out, for lack of |',
    '| --- | --- | ---: | --- |',
  ]
  return `\n${[...head, ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n')}\n\n`
}

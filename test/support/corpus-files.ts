// The corpora's files, read from disk. Where there is none, the suite is given them by test/runtimes/corpus-files.js.

import { readdirSync, readFileSync } from 'node:fs'

export type Source = readonly [file: string, text: string]

/** The files of a folder of test/corpus. */
export function sourcesIn(folder: string): Source[] {
  const url = new URL(`../corpus/${folder}`, import.meta.url)
  const files = readdirSync(url).filter((name) => name.endsWith('.md'))
  return files.sort().map((file) => [file, readFileSync(new URL(file, url), 'utf8')])
}

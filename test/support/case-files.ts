// What the corpora are made of: Markdown files in which a line `## title` begins a case, and two blocks are the case: what is
// sent, with options behind the block's name, and what must come of it. All else is prose.

import type { Source } from './corpus-files.js'

/** What every case of a corpus has. */
export interface Named {
  file: string
  title: string
}

export interface WrittenCase extends Named {
  options: string
  sent: string[]
  expected: string[]
}

interface Block {
  info: string
  lines: string[]
}

interface Section {
  title: string
  place: string
  blocks: Block[]
}

/**
 * @param names of the two blocks
 * @param read throws an error that tells the fault, which is thrown on with file and line
 */
export function readCases<Case extends Named>(
  sources: readonly Source[],
  names: readonly [sent: string, expected: string],
  read: (written: WrittenCase) => Case,
): Case[] {
  const cases = sources.flatMap(([file, text]) =>
    readSections(file, text).map((section) => {
      try {
        return read(writtenCase(file, names, section))
      } catch (error) {
        throw new Error(`${section.place}: ${(error as Error).message}, in '${section.title}'`)
      }
    }),
  )
  demandOwnTitles(cases)
  return cases
}

function demandOwnTitles(cases: readonly Named[]): void {
  const fileOf = new Map<string, string>()
  for (const { file, title } of cases) {
    if (fileOf.has(title)) throw new Error(`${file}: the title '${title}' is already in ${fileOf.get(title)}`)
    fileOf.set(title, file)
  }
}

function readSections(file: string, text: string): Section[] {
  const sections: Section[] = []
  let block: Block | undefined
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const place = `${file}:${index + 1}`
    if (block) {
      if (line === '```') block = undefined
      else if (line.startsWith('```')) throw new Error(`${place}: a block within a block`)
      else block.lines.push(line)
    } else if (line.startsWith('```')) {
      const section = sections.at(-1)
      if (!section) throw new Error(`${place}: a block before the first title`)
      section.blocks.push((block = { info: line.slice(3), lines: [] }))
    } else if (line.startsWith('## ')) {
      sections.push({ title: line.slice(3).trim(), place, blocks: [] })
    }
  }
  if (block) throw new Error(`${file}: the last block is not closed`)
  return sections
}

function writtenCase(
  file: string,
  names: readonly [string, string],
  { title, blocks }: Section,
): WrittenCase {
  const [sent, expected] = blocks
  const [name, ...options] = sent?.info.split(' ') ?? []
  if (!title) throw new Error('an empty title')
  if (!sent || name !== names[0]) throw new Error(`the first block must be ${names[0]}`)
  if (expected?.info !== names[1]) throw new Error(`the second block must be ${names[1]}`)
  if (blocks.length > 2) throw new Error('a third block')
  return { file, title, options: options.join(' '), sent: sent.lines, expected: expected.lines }
}

/** Reads options that are all limits: `maxLine=64 maxBody=10`. */
export function readLimits<Name extends string>(
  options: string,
  names: readonly Name[],
): { [name in Name]?: number } {
  const limits: { [name in Name]?: number } = {}
  for (const option of options.split(' ').filter((option) => option !== '')) {
    const [, name, value] = /^(\w+)=(\d+)$/.exec(option) ?? []
    const known = names.find((one) => one === name)
    if (!known) throw new Error(`an unknown limit '${option}'`)
    limits[known] = Number(value)
  }
  return limits
}

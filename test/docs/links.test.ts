// Links between the pages of this repository lead somewhere: to a file or a folder that is there, and to a heading that it has.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { expect, it } from 'vitest'
import { root } from '../support/built.js'

const FENCED = /^```[\s\S]*?^```$/gm
const LINK = /\]\(([^()\s]+)\)|(?:src|srcset|href)="([^"]+)"/g

// What is not ours, or is no page: dependencies, and protocol cases.
const SKIPPED = /^(\.|node_modules$|corpus$|running$|build$|bundle$)/
const all = markdownIn('')

function markdownIn(folder: string): string[] {
  const entries = readdirSync(join(root, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = posix.join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.test(entry.name) ? [] : markdownIn(path)
    return path.endsWith('.md') ? [path] : []
  })
}

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

// As GitHub makes them of headings: what is marked up loses its marks, a repeated one gets a number.
function anchorsOf(page: string): Set<string> {
  const found = new Set<string>()
  for (const [, title] of textOf(page)
    .replace(FENCED, '')
    .matchAll(/^#+ +(.*)$/gm)) {
    const plain = title!.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
    const anchor = plain
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-')
    let free = anchor
    for (let count = 1; found.has(free); count++) free = `${anchor}-${count}`
    found.add(free)
  }
  return found
}

function linksOf(page: string): string[] {
  const text = textOf(page)
    .replace(FENCED, '')
    .replace(/`[^`\n]*`/g, '')
  return Array.from(text.matchAll(LINK), ([, link, source]) => (link ?? source)!)
}

function problemOf(page: string, link: string): string[] {
  if (/^[a-z]+:/.test(link)) return []
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), decodeURI(path))
  if (target.startsWith('..') || !existsSync(join(root, target))) return [`${page}: ${link} is not there`]
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(anchor)) return []
  return [`${page}: ${link} has no such heading`]
}

it('lead somewhere', () => {
  const problems = all.flatMap((page) => linksOf(page).flatMap((link) => problemOf(page, link)))
  expect(problems).toEqual([])
  expect(all.length).toBeGreaterThan(15)
})

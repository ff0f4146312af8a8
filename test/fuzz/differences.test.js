// That others do read otherwise what differences.md says they do, and that the page says what is checked.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { chapters } from './differences/chapters.js'
import { differencesPage } from './differences/page.js'

describe.each(chapters.map((chapter) => [chapter.title, chapter]))(
  '%s',
  (_title, { differences, disagreementsOn }) => {
    it.each(differences.map((row) => [row.name, row]))(
      '%s is read otherwise by those it names',
      (name, row) => {
        const found = disagreementsOn(row.example)
        expect(found.map(({ row }) => row)).not.toContain(undefined)
        const explained = found.filter((one) => one.row === name)
        expect([...new Set(explained.map(({ peer }) => peer))].sort()).toEqual([...row.peers].sort())
        for (const text of [row.we, row.they, row.source, row.why]) expect(text).toMatch(/\w/)
      },
    )

    it('names each difference once', () => {
      const names = differences.map(({ name }) => name)
      expect(names).toEqual([...new Set(names)])
    })
  },
)

it('differences.md is what `node test/fuzz/differences/write.js` writes', () => {
  const page = readFileSync(new URL('../conformance/differences.md', import.meta.url), 'utf8')
  expect(page).toBe(differencesPage())
})

// That the tables have the whole list: how many cases each of its sections has, and none twice.
import { expect, it } from 'vitest'
import { compression } from './compression.js'
import { sections } from './sections.js'
import { sizes } from './sizes.js'

const numbers = [
  ...sections.flatMap(([, cases]) => cases.map(([number]) => number)),
  ...[...sizes, ...compression].map(({ number }) => number),
]
/** Without what the tables add to the list. */
const listed = numbers.filter((number) => /^[\d.]+$/.test(number))

it('has every case once', () => {
  expect(listed.filter((number, index) => listed.indexOf(number) !== index)).toEqual([])
})

it('has as many cases in each section as the list', () => {
  const counts: Record<string, number> = {}
  for (const number of listed) {
    const section = number.split('.', 1)[0]!
    counts[section] = (counts[section] ?? 0) + 1
  }
  expect(counts).toEqual({ 1: 16, 2: 11, 3: 7, 4: 10, 5: 20, 6: 145, 7: 37, 9: 54, 10: 1, 12: 90, 13: 126 })
})

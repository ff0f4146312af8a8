// Besides its code: whatever the page says is here has to be in the reference.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'

const folder = new URL('../../../docs/api/', import.meta.url)
const reference = readdirSync(folder)
  .map((name) => readFileSync(new URL(name, folder), 'utf8'))
  .join('\n')
const known = new Set(reference.match(/\w+/g))

export const checks = {
  'From http-kit'({ status, server }, { page, printed }) {
    assert.equal(status, undefined)
    assert.equal(server.status, 'stopped')
    assert.deepEqual(printed, ['open false', 'closed client-close'])
    const cells = Array.from(page.matchAll(/^\| [^|]+ \| ([^|]+) \|/gm), ([, cell]) => cell)
    const names = cells.flatMap((cell) => Array.from(cell.matchAll(/`([A-Za-z.]+)/g), ([, name]) => name))
    const strange = names.flatMap((name) => name.split('.')).filter((name) => name && !known.has(name))
    assert.deepEqual(strange, [])
    assert.ok(names.length > 100)
  },
}

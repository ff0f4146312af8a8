// Parameters whose prototypes are not ours.
import { createContext, runInContext } from 'node:vm'
import { expect, it } from 'vitest'
import { encodeQuery } from '../../src/core.js'

it('encodeQuery takes parameters from another realm', () => {
  const context = createContext()
  const made = (code: string): object => runInContext(`(${code})`, context) as object
  const queries: [params: object, query: string][] = [
    [made('{ a: { x: 1 }, p: [{ y: 2 }, 3] }'), 'a[x]=1&p[0][y]=2&p[1]=3'],
    [{ a: made('{ x: { y: 1 } }'), n: made('null') }, 'a[x][y]=1&n='],
    [made('new Map([["a", new Map([["x", 1]])]])'), 'a[x]=1'],
    [{ a: made('new Date(0)') }, 'a=1970-01-01T00:00:00.000Z'],
  ]
  for (const [params, query] of queries) {
    for (const style of [undefined, 'array', 'commaSeparated', 'indexed'] as const) {
      expect(decodeURIComponent(encodeQuery(params, style))).toBe(query)
    }
  }
  expect(decodeURIComponent(encodeQuery(made('[["a", new Set([1, 2])]]'), 'array'))).toBe('a[]=1&a[]=2')
})

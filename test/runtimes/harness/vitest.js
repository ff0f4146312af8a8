// What `vitest` is in a bundle: its own runner and matchers, without the process around them, so that the same test files run
// where there is no Node. vi is what our files use of it.

export * from '@vitest/runner'
export { expectTypeOf } from 'expect-type'
export { expect } from './expect.js'
export { vi } from './vi.js'

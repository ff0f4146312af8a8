// vitest's expect, put together of the parts that vitest puts it together of. One for all tests: they run one at a time.

import {
  ASYMMETRIC_MATCHERS_OBJECT,
  addCustomEqualityTesters,
  customMatchers,
  GLOBAL_EXPECT,
  getState,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect'
import { getCurrentTest } from '@vitest/runner'
import * as chai from 'chai'

for (const part of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(part)
chai.config.truncateThreshold = 0

export function expect(value, message) {
  setState({ assertionCalls: getState(expect).assertionCalls + 1 }, expect)
  const assertion = chai.expect(value, message)
  const test = getCurrentTest()
  return test ? assertion.withTest(test) : assertion
}

Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT])
setState({ assertionCalls: 0 }, expect)
globalThis[GLOBAL_EXPECT] = expect
expect.getState = () => getState(expect)
expect.setState = (state) => setState(state, expect)
expect.addEqualityTesters = addCustomEqualityTesters
expect.extend = (matchers) => chai.expect.extend(expect, matchers)
expect.extend(customMatchers)
expect.poll = (read, options) => polled(read, options, [])

/** Asks again until the assertion holds; its last error where it does not in time. */
function polled(read, { timeout = 1000, interval = 50, message } = {}, words) {
  return new Proxy(() => {}, {
    get: (_, word) =>
      word === 'then' ? undefined : polled(read, { timeout, interval, message }, [...words, word]),
    apply: (_, __, values) =>
      settles(async () => asserted(await read(), message, words, values), timeout, interval),
  })
}

function asserted(value, message, words, values) {
  const [matcher, ...modifiers] = words.toReversed()
  const assertion = modifiers.reduceRight((begun, modifier) => begun[modifier], expect(value, message))
  return assertion[matcher](...values)
}

async function settles(attempt, timeout, interval) {
  const giveUpAt = Date.now() + timeout
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() >= giveUpAt) throw error
      await new Promise((resolve) => setTimeout(resolve, interval))
    }
  }
}

// What metrics counted while something went on: the differences of two snapshots, and of them those that are not 0.
import { expect } from 'vitest'
import type { Metrics, MetricsSnapshot } from '../../src/metrics.js'
import { until } from './waiting.js'

/** By what was counted: '2xx' where the handler answered, 'refused 4xx' where the server did, 'aborted'. */
export type Counts = Record<string, number>

/**
 * Waits until as many requests are over as `wanted` has, and whatever else happens by then.
 *
 * @param wanted what should have been counted; what is compared to it is all that was
 */
export async function expectCounted(metrics: Metrics, wanted: Counts, action: () => unknown): Promise<void> {
  const before = metrics.snapshot()
  await action()
  const { aborted: _, ...requests } = wanted
  const count = Object.values(requests).reduce((sum, each) => sum + each, 0)
  await until(() => metrics.snapshot().duration.count >= before.duration.count + count)
  await until(() => metrics.snapshot().inFlight === before.inFlight)
  const after = metrics.snapshot()
  expect(differences(flat(before), flat(after))).toEqual(wanted)
  expect(after.duration.count - before.duration.count).toBe(count)
}

function flat({ requests, refused, aborted }: MetricsSnapshot): Counts {
  const own = Object.entries(refused).map(([name, count]) => [`refused ${name}`, count])
  return { ...requests, ...Object.fromEntries(own), aborted }
}

function differences(before: Counts, after: Counts): Counts {
  const all = Object.entries(after).map(([name, count]) => [name, count - before[name]!] as const)
  return Object.fromEntries(all.filter(([, count]) => count !== 0))
}

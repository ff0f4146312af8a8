// Our metrics in a registry of prom-client's: objects that say what prom-client's own would say, when they are asked.
import type { Family, Labels, Sample } from './families.js'
import type { HistogramSnapshot } from './histogram.js'
import { optionalPeer } from './optional-peer.js'
import type { MetricsSnapshot } from './tally.js'

/** Of prom-client's Registry, what is used. */
export interface PrometheusRegistry {
  /** Takes an object with prom-client's `name`, `help`, `type`, `aggregator`, `get` and `reset`. */
  registerMetric(metric: never): void
  /** Forgets one by its name. */
  removeSingleMetric(name: string): void
  /** The text. */
  metrics(): Promise<string>
  /** That of the text. */
  readonly contentType: string
}

interface PromClient {
  Registry: (new (
    contentType: string,
  ) => PrometheusRegistry) & {
    PROMETHEUS_CONTENT_TYPE: string
    OPENMETRICS_CONTENT_TYPE: string
  }
}

interface Value extends Sample {
  metricName?: string
}

/** What a registry holds, and what its `get()` gives: processes of a cluster are summed up. */
class PrometheusMetric {
  /** A registry that speaks OpenMetrics takes `_total` off it, and puts it back on the samples. */
  name: string
  readonly help: string
  readonly type: string
  readonly aggregator = 'sum'
  private readonly values: () => Value[]

  constructor(prefix: string, family: Family, read: () => MetricsSnapshot) {
    this.name = prefix + family.name
    this.help = family.help
    this.type = family.type
    const { name } = this
    this.values = () =>
      family.type === 'histogram' ? bucketsOf(name, family.of(read())) : samplesOf(family.of(read()))
  }

  get(): object {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.values() }
  }

  /** What has been counted cannot be taken back. */
  reset(): void {}
}

function samplesOf(value: number | Sample[]): Value[] {
  return typeof value === 'number' ? [{ value, labels: {} }] : value
}

// The buckets of Prometheus hold what those below them hold, too.
function bucketsOf(name: string, { bounds, counts, count, sum }: HistogramSnapshot): Value[] {
  const value = (suffix: string, value: number, labels: Labels = {}) => ({
    value,
    labels,
    metricName: name + suffix,
  })
  let below = 0
  const buckets = counts.map((each, i) => {
    below += each
    return value('_bucket', below, { le: `${bounds[i] ?? '+Inf'}` })
  })
  return [...buckets, value('_sum', sum), value('_count', count)]
}

export class Prometheus {
  private readonly prefix: string
  private readonly read: () => MetricsSnapshot
  private readonly families: Family[] = []
  /** The user's; or our own, by content type, made when they are asked for. */
  private readonly users: PrometheusRegistry | undefined
  private readonly own = new Map<string, PrometheusRegistry>()

  /** @throws TypeError for a prefix that no name may begin with */
  constructor(prefix: string, registry: PrometheusRegistry | undefined, read: () => MetricsSnapshot) {
    if (!/^([a-z_:][\w:]*)?$/i.test(prefix)) throw new TypeError(`prefix cannot begin a metric: ${prefix}`)
    this.prefix = prefix
    this.users = registry
    this.read = read
  }

  /** @throws Error where the user's registry has a metric of this name already */
  add(families: readonly Family[]): void {
    for (const registry of this.users ? [this.users] : this.own.values()) this.register(registry, families)
    this.families.push(...families)
  }

  // All of them, or none.
  private register(registry: PrometheusRegistry, families: readonly Family[]): void {
    const done: string[] = []
    try {
      for (const family of families) {
        const metric = new PrometheusMetric(this.prefix, family, this.read)
        registry.registerMetric(metric as never)
        done.push(metric.name)
      }
    } catch (error) {
      for (const name of done) registry.removeSingleMetric(name)
      throw error
    }
  }

  /**
   * The user's registry speaks as it was told to; ours as who asks would have it.
   *
   * @throws Error where prom-client is missing
   */
  registryFor(accept: string | undefined): PrometheusRegistry {
    if (this.users) return this.users
    const { Registry } = optionalPeer<PromClient>('prom-client', 'a handler for Prometheus')
    const type = prefersOpenMetrics(accept)
      ? Registry.OPENMETRICS_CONTENT_TYPE
      : Registry.PROMETHEUS_CONTENT_TYPE
    let registry = this.own.get(type)
    if (registry === undefined) {
      registry = new Registry(type)
      this.register(registry, this.families)
      this.own.set(type, registry)
    }
    return registry
  }
}

function prefersOpenMetrics(accept = ''): boolean {
  const open = weightOf(accept, 'application/openmetrics-text')
  return open > 0 && open >= weightOf(accept, 'text/plain')
}

// The highest that any version of the type is given (RFC 9110 §12.4.2).
function weightOf(accept: string, type: string): number {
  const ranges = accept.toLowerCase().split(',')
  const weights = ranges
    .filter((range) => range.trim().startsWith(type))
    .map((range) => Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1))
  return Math.max(0, ...weights)
}

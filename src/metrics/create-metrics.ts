// Counts for servers, and tells: as Prometheus' text, through OpenTelemetry's instruments, or as a plain object.
import type { Handler } from '../ring/contract.js'
import type { CountedServer, ServerMetrics } from '../ring/server-metrics.js'
import { hubFamilies, serverFamilies, threadFamilies } from './families.js'
import { checkedBounds } from './histogram.js'
import { globalMeter, OpenTelemetry, type OpenTelemetryMeter } from './open-telemetry.js'
import { Prometheus, type PrometheusRegistry } from './prometheus.js'
import { type CountedHub, type CountedPool, type MetricsSnapshot, Tally } from './tally.js'

export interface MetricsOptions {
  /** What Prometheus' names begin with (default 'httpkit_'). */
  prefix?: string
  /** Seconds, rising: the bounds of the histograms' buckets (default 0.0005 to 10). */
  buckets?: readonly number[]
  /** A Registry of prom-client's to be part of (default: one of our own, made when `handler` is first called). */
  register?: PrometheusRegistry | undefined
  /** A Meter of OpenTelemetry's to make instruments on. Telling it of each request costs more than all the rest. */
  meter?: OpenTelemetryMeter | undefined
  /** True takes a meter from the provider that is set for the process, which must be set before (default false). */
  otel?: boolean
}

/** What `runServer`'s option `metrics` is given. */
export interface Metrics extends ServerMetrics {
  /** Answers with all metrics, as Prometheus' text or, where the request prefers it, as OpenMetrics. Needs prom-client. */
  readonly handler: Handler
  /**
   * Has a hub's numbers, or those of a handler on threads or a worker pool, told with the others.
   *
   * @returns ends that; a hub's totals stay
   * @throws TypeError for anything else
   */
  watch(source: CountedHub | CountedPool): () => void
  /** All numbers as of now. */
  snapshot(): MetricsSnapshot
}

/**
 * Makes metrics for one server or several: give it to `runServer` as `metrics`.
 *
 * @throws RangeError for buckets, TypeError for a prefix that cannot be; Error where `otel` is true and @opentelemetry/api is
 * not installed, or where `register` has a metric of the same name
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  return new OwnMetrics(options)
}

class OwnMetrics implements Metrics {
  private readonly tally: Tally
  private readonly prometheus: Prometheus
  private readonly otel: OpenTelemetry | undefined
  private recent: MetricsSnapshot | undefined = undefined

  constructor({ prefix = 'httpkit_', buckets, register, meter, otel = false }: MetricsOptions) {
    const bounds = checkedBounds(buckets)
    // Whoever asks for all metrics asks for one after the other, at once: they shall be of one moment.
    const read = (): MetricsSnapshot => {
      if (this.recent === undefined) {
        this.recent = this.snapshot()
        queueMicrotask(() => {
          this.recent = undefined
        })
      }
      return this.recent
    }
    this.tally = new Tally(bounds)
    this.prometheus = new Prometheus(prefix, register, read)
    const used = meter ?? (otel ? globalMeter() : undefined)
    this.otel = used && new OpenTelemetry(used, bounds, read)
    this.tell(serverFamilies)
  }

  private tell(families: typeof serverFamilies): void {
    this.prometheus.add(families)
    this.otel?.add(families)
  }

  readonly handler: Handler = async ({ headers }) => {
    const registry = this.prometheus.registryFor(headers.accept)
    return { headers: { 'Content-Type': registry.contentType }, body: await registry.metrics() }
  }

  snapshot(): MetricsSnapshot {
    return this.tally.snapshot()
  }

  watch(source: CountedHub | CountedPool): () => void {
    const { tally } = this
    const stats = source?.stats?.()
    this.recent = undefined
    if (stats !== undefined && 'topics' in stats) {
      if (tally.hubs === undefined) this.tell(hubFamilies)
      return tally.watchHub(source as CountedHub)
    }
    if (stats !== undefined && 'running' in stats) {
      if (tally.pools === undefined) this.tell(threadFamilies)
      return tally.watchPool(source as CountedPool)
    }
    throw new TypeError('metrics.watch takes a hub, a handler on threads or a worker pool')
  }

  // A server's calls

  serverStarted(server: CountedServer): void {
    this.tally.servers.add(server)
  }

  serverStopped(server: CountedServer): void {
    this.tally.servers.remove(server)
  }

  requestEnded(status: number, isRefusal: boolean, isWhole: boolean, startedAt: number): void {
    const ms = performance.now() - startedAt
    this.tally.requestEnded(status, isRefusal, isWhole, ms)
    this.otel?.requestEnded(status, isWhole, ms)
  }

  callWaited(ms: number): void {
    this.tally.queueWait.record(ms)
    this.otel?.callWaited(ms)
  }

  channelOpened(): void {
    this.tally.channels++
  }

  channelClosed(): void {
    this.tally.channels--
  }

  connectionRefused(): void {
    this.tally.connectionsRefused++
  }
}

// Our metrics as OpenTelemetry's instruments: numbers are observed when its SDK reads them; durations it must be told one by one,
// for it has no histogram that can be read. Names are those of its HTTP conventions where there are such.
import type { Family, NumberFamily } from './families.js'
import { optionalPeer } from './optional-peer.js'
import type { MetricsSnapshot } from './tally.js'

interface InstrumentOptions {
  description?: string
  unit?: string
  advice?: { explicitBucketBoundaries?: number[] }
}

type Attributes = Record<string, string | number>

interface Recorder {
  record(value: number, attributes?: Attributes): void
}

interface Observable {
  addCallback(callback: (result: { observe(value: number, attributes?: Attributes): void }) => void): void
}

/** Of OpenTelemetry's Meter, what is used. */
export interface OpenTelemetryMeter {
  /** For durations: they are recorded one by one. */
  createHistogram(name: string, options?: InstrumentOptions): Recorder
  /** For totals. */
  createObservableCounter(name: string, options?: InstrumentOptions): Observable
  /** For what comes and goes. */
  createObservableUpDownCounter(name: string, options?: InstrumentOptions): Observable
}

interface OpenTelemetryApi {
  metrics: { getMeter(name: string): OpenTelemetryMeter }
}

/**
 * The meter of the provider that the process has set; where it has none yet, one that measures nothing.
 *
 * @throws Error where @opentelemetry/api is missing
 */
export function globalMeter(): OpenTelemetryMeter {
  return optionalPeer<OpenTelemetryApi>('@opentelemetry/api', 'otel').metrics.getMeter('httpkit-wasm')
}

export class OpenTelemetry {
  private readonly meter: OpenTelemetryMeter
  private readonly read: () => MetricsSnapshot
  private readonly duration: Recorder
  private readonly queueWait: Recorder
  /** By status, twice: of whole answers, and of those that broke off. */
  private readonly attributes: (Attributes | undefined)[][] = [[], []]

  constructor(meter: OpenTelemetryMeter, bounds: readonly number[], read: () => MetricsSnapshot) {
    this.meter = meter
    this.read = read
    const histogram = (name: string, description: string) =>
      meter.createHistogram(name, {
        description,
        unit: 's',
        advice: { explicitBucketBoundaries: [...bounds] },
      })
    this.duration = histogram('http.server.request.duration', 'Duration of HTTP server requests.')
    this.queueWait = histogram('httpkit.queue.wait', 'How long handler calls wait for the worker pool.')
  }

  add(families: readonly Family[]): void {
    for (const family of families) if (family.type !== 'histogram' && family.otel) this.observe(family)
  }

  private observe({ type, otel, help, of }: NumberFamily): void {
    const [name, unit] = otel!
    const { meter, read } = this
    const options = { description: `${help}.`, unit }
    const instrument =
      type === 'counter'
        ? meter.createObservableCounter(name, options)
        : meter.createObservableUpDownCounter(name, options)
    instrument.addCallback((result) => {
      const samples = of(read())
      if (typeof samples === 'number') return result.observe(samples)
      for (const { value, labels } of samples) result.observe(value, labels)
    })
  }

  requestEnded(status: number, isWhole: boolean, ms: number): void {
    const known = this.attributes[isWhole ? 0 : 1]!
    const attributes = (known[status] ??= attributesOf(status, isWhole))
    this.duration.record(ms / 1000, attributes)
  }

  callWaited(ms: number): void {
    this.queueWait.record(ms / 1000)
  }
}

function attributesOf(status: number, isWhole: boolean): Attributes {
  return {
    ...(status > 0 && { 'http.response.status_code': status }),
    ...(status >= 500 && { 'error.type': `${status}` }),
    ...(!isWhole && { 'error.type': 'aborted' }),
  }
}

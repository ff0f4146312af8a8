// Prometheus' text, read: by a little reader of our own, and by Prometheus' own tool where this machine has it.
import { hasProgram, run } from './programs.js'

/** Debian has it in its package prometheus. */
export const hasPromtool = hasProgram('promtool')

export interface MetricsText {
  /** By name and labels, as written: `httpkit_channels{kind="http"}`. */
  readonly values: Record<string, number>
  /** By name: counter, gauge, histogram. */
  readonly types: Record<string, string>
  /** All values that some label has, by the label's name. */
  readonly labels: Record<string, Set<string>>
}

/** @throws Error for a line that is no sample, or one that came before */
export function readMetrics(text: string): MetricsText {
  const values: MetricsText['values'] = {}
  const types: MetricsText['types'] = {}
  const labels: MetricsText['labels'] = {}
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name) types[name] = type!
    if (line === '' || line.startsWith('#')) continue
    const [, key, inner = '', value] = /^([a-z_:]+(?:\{(.*)\})?) (\S+)$/.exec(line) ?? []
    if (key === undefined || Number.isNaN(Number(value)) || key in values) throw new Error(`wrong: ${line}`)
    values[key] = Number(value)
    for (const [, label, content] of inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels[label!] ??= new Set()
      labels[label!]!.add(content!)
    }
  }
  return { values, types, labels }
}

/** What promtool complains of; '' where it does not. */
export async function complaintsOf(text: string): Promise<string> {
  const { code, stdout, stderr } = await run('promtool', ['check', 'metrics'], text)
  return code === 0 && stdout + stderr === '' ? '' : `${code}: ${stdout}${stderr}`
}

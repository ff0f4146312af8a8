// How far a download is: a bar of cli-progress on stderr, where that is a terminal; everywhere a line at the end.

import { Presets, SingleBar } from 'cli-progress'

/**
 * @param from bytes that were there before
 * @param total bytes; undefined where nobody knows
 */
export function startProgress(from, total) {
  const startTime = performance.now()
  let size = from
  const format = total ? '{bar} {percentage} %  {value} of {total}' : '{value}'
  const formatValue = (value, _, kind) => (kind === 'value' || kind === 'total' ? inBytes(value) : value)
  const bar = new SingleBar({ format, formatValue, clearOnComplete: true }, Presets.shades_classic)
  bar.start(total ?? 0, from)
  return {
    show(bytes) {
      size = bytes
      bar.update(size)
    },
    stop() {
      bar.stop()
      const seconds = ((performance.now() - startTime) / 1000).toFixed(1)
      const before = from > 0 ? `, ${inBytes(from)} of them before` : ''
      console.error(`${inBytes(size)} in ${seconds} s${before}`)
    },
  }
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

function inBytes(count) {
  const step = Math.min(Math.floor(Math.log2(Math.max(count, 1)) / 10), units.length - 1)
  return `${step === 0 ? count : (count / 1024 ** step).toFixed(1)} ${units[step]}`
}

// Medians, means and the tables they are printed in.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/** A number with `digits` decimals, its thousands apart; what is no number is a dash. */
export function fixed(value, digits) {
  if (!Number.isFinite(value)) return '–'
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** Rows of text as a Markdown table, first column left, the others right. */
export function table(headings, rows) {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => row[i].length), 3),
  )
  const line = (cells) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(headings), line(rule), ...rows.map(line)].join('\n')
}

/** The items from the nth on, then those before it: each round starts with another competitor. */
export function rotated(items, n) {
  const first = n % items.length
  return [...items.slice(first), ...items.slice(0, first)]
}

/** `names`, or all there are; a name that is not among them is an error. */
export function chosen(all, names = all) {
  const unknown = names.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}; known: ${all.join(', ')}`)
  return names
}

// What the bars of a panel are: how long, of which color, and what stands behind them.

// A bar so many times as long as the next is cut, and says so: the others could not be told apart.
const cutFrom = 10
const colors = { ours: '#2f6fdb', peer: '#b6bfca', floor: '#e3e7ec' }

/** Whether it is this library's. */
export function isOurs({ name }) {
  return name.startsWith('httpkit')
}

/** A panel's bars as rows: the shortest first, each with its figure, its color and the least and greatest of its rounds. */
export function rowsOf(bars) {
  const longest = longestOf(bars)
  const ours = bars.filter(isOurs).map(({ value }) => value)
  return bars
    .toSorted((one, other) => one.value - other.value)
    .map((bar) => {
      const { title, value, rounds } = bar
      const low = Math.min(value, ...rounds)
      const high = Math.max(value, ...rounds)
      const label = labelOf(value, ours)
      const color = colorOf(bar, ours)
      if (value > longest)
        return { title, value: longest, end: longest, label: `${label}, cut`, cut: '//', color }
      return { title, value, low, high, end: high, label, color }
    })
}

// Of those that are not cut, and a little more.
function longestOf(bars) {
  const [first, second = first] = bars.map(({ value }) => value).toSorted((one, other) => other - one)
  return first > cutFrom * second ? second * 1.2 : first
}

function colorOf(bar, ours) {
  if (ours.length === 0 || isOurs(bar)) return colors.ours
  return bar.name === 'null' ? colors.floor : colors.peer
}

// Where this library has several, each is to be compared with its like, and not all with one of them.
function labelOf(value, ours) {
  const figure = threeDigits(value)
  return ours.length === 1 && value !== ours[0] ? `${figure} (${timesText(value / ours[0])})` : figure
}

function threeDigits(value) {
  const digits = Math.max(3, `${Math.trunc(value)}`.length)
  const least = Number.isInteger(value) ? 1 : digits
  return value.toLocaleString('en-US', { minimumSignificantDigits: least, maximumSignificantDigits: digits })
}

function timesText(times) {
  const digits = times < 10 ? 2 : times < 100 ? 1 : 0
  return `${times.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}×`
}

const larger = { ns: 'µs', µs: 'ms' }

/** The panel with ns as µs, or ms, where they are many. */
export function scaled(panel) {
  const [first, ...rest] = panel.unit.split(' ')
  const greatest = longestOf(panel.bars)
  if (greatest < 10_000 || !larger[first]) return panel
  const bars = panel.bars.map((bar) => {
    return { ...bar, value: bar.value / 1000, rounds: bar.rounds.map((value) => value / 1000) }
  })
  return scaled({ ...panel, unit: [larger[first], ...rest].join(' '), bars })
}

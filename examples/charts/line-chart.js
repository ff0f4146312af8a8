// A line chart by uPlot in a figure: its caption says what the lines are and how high they stand now, in words, for a canvas
// tells nothing to who cannot see it. Colours are the page's, light or dark.

import uPlot from '/charts/uplot.js'

const height = 150 // pixels
const dark = matchMedia('(prefers-color-scheme: dark)')

/**
 * Draws in `figure` what `show` is given.
 *
 * @param lines of `{ label, colour }`, the colour a variable of page.css
 * @param format a value as text, with its unit
 * @param least how high the left axis reaches when there is less
 * @param steps between two marks of the left axis, one of these
 * @param isWide whether values go over so many powers of ten that the axis had better have those
 * @param span seconds from left to right, up to now; undefined: all since the start
 */
export function lineChart(figure, { title, lines, format, least, steps, isWide = false, span }) {
  const values = lines.map(() => document.createElement('b'))
  figure.setAttribute('aria-label', title)
  figure.append(caption(title, lines, values))
  // With powers of ten, uPlot leaves out labels that would have no room: they are null.
  const labels = (_, marks) => marks.map((mark) => (mark === null ? '' : format(mark)))
  const powersOfTen = (_, marks) => marks.map((mark) => (Number.isInteger(Math.log10(mark)) ? mark : null))
  const marks = isWide ? { filter: powersOfTen } : {}
  const axis = { stroke: colour('--quiet'), font: '12px system-ui, sans-serif', ticks: { show: false } }
  const grid = { stroke: colour('--rule'), width: 1, ...marks }
  const options = {
    width: figure.clientWidth,
    height,
    padding: [12, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: {
        time: false,
        range: (_, min, max) =>
          span ? [Math.max(max - span, Math.min(min, max - 30)), max] : [min, Math.max(max, min + 5)],
      },
      y: isWide ? { distr: 3 } : { range: (_, __, max) => [0, Math.max(max, least) * 1.1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 80, values: span ? clock : seconds },
      {
        ...axis,
        grid,
        size: 64,
        space: 36,
        incrs: steps,
        values: labels,
        ...marks,
      },
    ],
    series: [
      {},
      ...lines.map((line) => ({ stroke: colour(line.colour), width: 1.75, points: { show: false } })),
    ],
  }
  const plot = new uPlot(options, [[], ...lines.map(() => [])], figure)
  plot.root.setAttribute('aria-hidden', 'true')
  new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height })).observe(figure)
  dark.addEventListener('change', () => plot.redraw())

  /** @param columns seconds, then a column for each line */
  return function show(columns) {
    plot.setData(columns)
    values.forEach((value, n) => {
      const last = columns[n + 1].findLast((one) => one !== null)
      value.textContent = last === undefined ? '–' : format(last)
    })
  }
}

function caption(title, lines, values) {
  const made = document.createElement('figcaption')
  made.append(title)
  lines.forEach(({ label, colour }, n) => {
    const item = document.createElement('span')
    item.style.setProperty('--colour', `var(${colour})`)
    item.append(`${label} `, values[n])
    made.append(' ', item)
  })
  return made
}

// Asked again at each drawing.
const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name)

const clock = (_, marks) =>
  marks.map((mark) => new Date(mark * 1000).toLocaleTimeString([], { hour12: false }))

const seconds = (_, marks) => marks.map((mark) => (Number.isInteger(mark) ? `${mark} s` : ''))

// Panels of horizontal bars as SVG, the shortest on top: the median, a line from the least to the greatest of the rounds where
// there are some, and behind it the figure and how many times this library's it is. Axes begin at zero.

import { parse, resetSVGDefIds, View } from 'vega'
import { compile } from 'vega-lite'
import { rowsOf, scaled } from './rows.js'

const width = 760
const gap = 24
// For the axis of the panels above and the title of those below.
const rowGap = 66
const titleHeight = 18
const barStep = 19
const fontSize = 11
// Of a character of the labels, on average.
const characterWidth = 6.3
const boldness = 1.1
// Between a bar and its figure, and between a label and the axis.
const padding = 5

/** @param panels `{ title, unit, bars: [{ name, title, value, rounds }] }` */
export async function barsAsSvg(panels, columns) {
  const titles = panels.flatMap(({ bars }) => bars.map((bar) => bar.title))
  const labelWidth = Math.ceil(widthOf(titles) * boldness) + padding
  const panelWidth = Math.floor((width - (columns - 1) * gap) / columns - labelWidth)
  const { spec } = compile({
    background: null,
    padding: 0,
    bounds: 'flush',
    columns,
    spacing: { row: rowGap, column: gap + labelWidth },
    concat: panels.map((panel) => panelSpec(scaled(panel), { labelWidth, panelWidth })),
    resolve: { scale: { x: 'independent', y: 'independent' } },
    config: {
      view: { stroke: null },
      aria: false,
      axis: { labelFontSize: fontSize, titleFontSize: fontSize },
    },
  })
  resetSVGDefIds()
  const svg = await new View(parse(spec), { renderer: 'none' }).toSVG()
  return { svg: stripped(svg, labelWidth), width, height: heightOf(panels, columns) }
}

function panelSpec({ title, unit, bars }, { labelWidth, panelWidth }) {
  const rows = rowsOf(bars)
  const longest = Math.max(...rows.map(({ end }) => end))
  const room = widthOf(rows.map(({ label }) => label)) + padding
  const x = {
    type: 'quantitative',
    scale: { domain: [0, (longest * panelWidth) / (panelWidth - room)], nice: false },
  }
  const y = { field: 'title', type: 'nominal', sort: null }
  return {
    title: {
      text: title,
      anchor: 'start',
      frame: 'group',
      dx: -labelWidth,
      fontSize: 12,
      fontWeight: 600,
      color: '#1f2328',
    },
    width: panelWidth,
    height: { step: barStep },
    data: { values: rows },
    encoding: { y: { ...y, axis: yAxis() } },
    layer: [
      {
        mark: { type: 'bar', height: 13 },
        encoding: {
          x: { ...x, field: 'value', axis: xAxis(unit) },
          color: { field: 'color', type: 'nominal', scale: null },
        },
      },
      {
        transform: [{ filter: 'datum.high > datum.low' }],
        mark: { type: 'rule', color: '#57606a' },
        encoding: { x: { ...x, field: 'low' }, x2: { field: 'high' } },
      },
      {
        transform: [{ filter: 'datum.cut' }],
        mark: { type: 'text', align: 'right', dx: -8, fontSize: 13, fontWeight: 'bold', color: 'white' },
        encoding: { x: { ...x, field: 'end' }, text: { field: 'cut' } },
      },
      {
        mark: { type: 'text', align: 'left', dx: padding, fontSize, color: '#1f2328' },
        encoding: { x: { ...x, field: 'end' }, text: { field: 'label' } },
      },
    ],
  }
}

function yAxis() {
  const isOurs = "indexof(datum.value, 'httpkit-wasm') === 0"
  return {
    title: null,
    ticks: false,
    domainColor: '#8c959f',
    labelColor: '#1f2328',
    labelFontWeight: { condition: { test: isOurs, value: 'bold' }, value: 'normal' },
    labelLimit: 0,
    labelPadding: padding,
  }
}

function xAxis(unit) {
  return {
    title: unit,
    titleAnchor: 'start',
    titleFontWeight: 'normal',
    titleColor: '#656d76',
    labelColor: '#656d76',
    grid: false,
    domain: false,
    tickColor: '#d0d7de',
    tickCount: 4,
    titlePadding: 2,
  }
}

function widthOf(texts) {
  return Math.ceil(Math.max(...texts.map((text) => text.length)) * characterWidth)
}

// Rows of panels are as high as their highest; a title is above each, an axis below.
function heightOf(panels, columns) {
  let height = 0
  for (let at = 0; at < panels.length; at += columns) {
    height += Math.max(...panels.slice(at, at + columns).map(({ bars }) => bars.length)) * barStep + rowGap
  }
  return height
}

// Half of what Vega writes is for pages that scripts work on; the card says what the font is.
function stripped(svg, left) {
  return svg
    .replace(/^<svg[^>]*>/, '')
    .replace(/<\/svg>$/, '')
    .replace(/translate\([\d.]+,[\d.]+\)/, `translate(${left},${titleHeight})`)
    .replace(/<path class="background"[^>]*>/g, '')
    .replace(/ (class|role|aria-\w+|pointer-events|font-family)="[^"]*"/g, '')
    .replace(/ (opacity|stroke-width)="1"/g, '')
    .replaceAll(` font-size="${fontSize}px"`, '')
    .replace(/(?<=<[^>]*)\d+\.\d{2,}/g, (number) => `${Number(Number(number).toFixed(1))}`)
    .replace('<g', `<g font-size="${fontSize}"`)
    .replace(/<text[^>]* opacity="0">[^<]*<\/text>|<path d="" display="none"\/>|<g\/>/g, '')
    .replace(/ (text-anchor="start"|font-weight="normal"|transform="translate\(0,0\)")/g, '')
}

// Curves that go up in steps, over a logarithmic axis, as SVG.
import { parse, View } from 'vega'
import { compile } from 'vega-lite'

/**
 * @param points `{ curve, x, y }`
 * @param axes what x and y are
 */
export async function stepsAsSvg(points, axes) {
  const { spec } = compile({
    width: 720,
    height: 360,
    background: 'white',
    data: { values: points },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: { type: 'log' }, title: axes.x },
      y: { field: 'y', type: 'quantitative', title: axes.y },
      color: { field: 'curve', type: 'nominal', title: null, sort: null },
    },
  })
  return new View(parse(spec), { renderer: 'none' }).toSVG()
}

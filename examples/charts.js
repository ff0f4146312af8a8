// The files that pages with charts have in common: those in charts/, and uPlot as npm installed it.

const uPlot = (name) => new URL(name, import.meta.resolve('uplot')).href

/** By path, as `pages` takes them. */
export const chartFiles = {
  '/charts/line-chart.js': 'charts/line-chart.js',
  '/charts/units.js': 'charts/units.js',
  '/charts/line-chart.css': 'charts/line-chart.css',
  '/charts/uplot.js': uPlot('uPlot.esm.js'),
  '/charts/uplot.css': uPlot('uPlot.min.css'),
}

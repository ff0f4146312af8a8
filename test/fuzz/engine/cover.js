// A minimised corpus: few inputs that together show every feature, chosen greedily.

/** @param featuresOf an input's features, as an array */
export function cover(inputs, featuresOf) {
  const left = inputs.map((bytes) => ({ bytes, features: featuresOf(bytes) }))
  const chosen = []
  const covered = new Set()
  const gain = ({ features }) => features.reduce((sum, feature) => sum + (covered.has(feature) ? 0 : 1), 0)
  for (;;) {
    let best
    let most = 0
    for (const one of left) {
      const value = gain(one) / (16 + one.bytes.length)
      if (value > most) [best, most] = [one, value]
    }
    if (best === undefined) return chosen
    chosen.push(best.bytes)
    for (const feature of best.features) covered.add(feature)
    left.splice(left.indexOf(best), 1)
  }
}

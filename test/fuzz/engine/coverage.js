// Which edges of the core an input reached, and how often, in steps: 1, 2, 3, 4, 8, 16, 32 and 128 times. An edge and a
// step are a feature; what shows a new one is worth keeping.
import { COUNTERS, EDGES, FUEL } from '../../../build/fuzz/core.mjs'
import { memory } from '../../../build/modules/core/wasm.js'

const counters = new Uint8Array(memory.buffer, COUNTERS, EDGES)
const words = new Uint32Array(memory.buffer, COUNTERS, (EDGES + 3) >> 2)
const fuel = new Uint32Array(memory.buffer, FUEL, 1)

const stepOf = Uint8Array.from({ length: 256 }, (_, count) =>
  count < 4 ? count - 1 : count < 8 ? 3 : count < 16 ? 4 : count < 32 ? 5 : count < 128 ? 6 : 7,
)

export const FEATURES = EDGES * 8

/** Before a run: nothing has been reached, and so much work may be done. */
export function begin(units) {
  words.fill(0)
  fuel[0] = units
}

/** Work left of what was allowed; 0 where more was wanted, and the core has trapped for it. */
export function unitsLeft() {
  return fuel[0]
}

/** Calls back with each feature of the run. */
export function eachFeature(callback) {
  for (let word = 0; word < words.length; word++) {
    if (words[word] === 0) continue
    for (let edge = word * 4; edge < word * 4 + 4; edge++) {
      if (counters[edge] !== 0) callback(edge * 8 + stepOf[counters[edge]])
    }
  }
}

/** Those that some run has shown. */
export class Seen {
  constructor() {
    this.steps = new Uint8Array(EDGES)
    this.edges = 0
    this.hasGrown = false
    this.add = (feature) => {
      const edge = feature >> 3
      const step = 1 << (feature & 7)
      if (this.steps[edge] & step) return
      if (this.steps[edge] === 0) this.edges++
      this.steps[edge] |= step
      this.hasGrown = true
    }
  }

  /** @returns whether the run has shown a new feature */
  addRun() {
    this.hasGrown = false
    eachFeature(this.add)
    return this.hasGrown
  }
}

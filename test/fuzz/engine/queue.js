// The inputs worth going on from. For each feature the shortest input that shows it is kept; an input that is the shortest
// for none leaves. What is picked is mostly the one of a feature picked at random, so that what is rare has its turn.
import { eachFeature, FEATURES } from './coverage.js'

const nothing = Buffer.alloc(0)

export class Queue {
  constructor() {
    /** For each feature, the input. */
    this.shortest = new Array(FEATURES).fill(undefined)
    this.features = []
    this.entries = new Set()
    this.latest = undefined
  }

  get size() {
    return this.entries.size
  }

  /** Of the run that was just made. @returns whether the input is kept */
  offer(bytes) {
    const entry = { bytes, uses: 0 }
    eachFeature((feature) => this.take(feature, entry))
    if (entry.uses === 0) return false
    this.entries.add(entry)
    this.latest = entry
    return true
  }

  take(feature, entry) {
    const holder = this.shortest[feature]
    if (holder !== undefined && holder.bytes.length <= entry.bytes.length) return
    if (holder === undefined) this.features.push(feature)
    else if (--holder.uses === 0) this.entries.delete(holder)
    this.shortest[feature] = entry
    entry.uses++
  }

  pick(random) {
    if (this.features.length === 0) return nothing
    const isLatest = random.below(8) === 0 && this.latest.uses > 0
    return isLatest ? this.latest.bytes : this.shortest[random.of(this.features)].bytes
  }

  all() {
    return Array.from(this.entries, ({ bytes }) => bytes)
  }
}

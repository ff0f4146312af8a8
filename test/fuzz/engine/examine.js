// Whether all properties hold for one input: it is read whole, cut at random and byte by byte, each with so much work
// allowed and no more, and what came of it is held against the target's own relations and, now and then, its peers.
import { begin, unitsLeft } from './coverage.js'
import { Failure } from './failure.js'
import { wayOf } from './way.js'

/** Inputs up to so many bytes are read byte by byte, too; longer ones one time in so many. */
const SHORT = 256
const LONG_SHARE = 16
/** A longer one is not cut at every place. */
const MOST_CUTS = 256
/** Peers are asked about what is new, and about one input in so many. */
const PEERS_SHARE = 8
/** Enough for a target's own relations, and it ends in a second. */
const AMPLE = 100_000_000

export class Examiner {
  /** @param onRead is called after the input has been read whole; returns whether it was worth it */
  constructor(target, random, onRead) {
    this.target = target
    this.random = random
    this.onRead = onRead
  }

  /** @throws Failure, or what else the code under test throws */
  examine(bytes) {
    const { target, random } = this
    const { way, input } = wayOf(target, bytes)
    const whole = this.read([input], way)
    const isNew = this.onRead(bytes)
    if (input.length > 1) this.demandSame('cut', whole, cutAtRandom(input, random), way)
    if (input.length > 1 && (input.length <= SHORT || random.below(LONG_SHARE) === 0)) {
      this.demandSame('byte by byte', whole, eachByte(input), way)
    }
    begin(AMPLE)
    target.check?.(input, whole, way)
    if (isNew || random.below(PEERS_SHARE) === 0) target.compare?.(input, whole, way)
  }

  /**
   * The same without a random choice, for what is tried again: cut in two everywhere, and the peers asked.
   *
   * @param property the one that is looked for: the cuts are left out where they cannot show it
   */
  examineFully(bytes, property) {
    const { target } = this
    const { way, input } = wayOf(target, bytes)
    const whole = this.read([input], way)
    if (property === 'cut' || property === 'work' || property === 'trap') this.cutInTwo(input, whole, way)
    if (input.length > 1) this.demandSame('byte by byte', whole, eachByte(input), way)
    begin(AMPLE)
    target.check?.(input, whole, way)
    target.compare?.(input, whole, way)
  }

  cutInTwo(input, whole, way) {
    const step = Math.ceil(input.length / MOST_CUTS)
    for (let at = 1; at < input.length; at += step) {
      this.demandSame('cut', whole, [input.subarray(0, at), input.subarray(at)], way)
    }
  }

  read(pieces, way) {
    const { perByte, perPiece, fixed } = this.target.work
    let length = 0
    for (const piece of pieces) length += piece.length
    begin(fixed + perByte * length + perPiece * pieces.length)
    return this.target.read(pieces, way)
  }

  demandSame(property, whole, pieces, way) {
    const cut = this.read(pieces, way)
    const isSame = this.target.isSame ?? areEqual
    begin(AMPLE)
    if (isSame(whole, cut, pieces, way)) return
    const lengths = pieces.map(({ length }) => length).join(' ')
    throw new Failure(property, `pieces of ${lengths} bytes give\n${cut}\nand all at once\n${whole}`)
  }
}

/** The name of what does not hold, where this was thrown. */
export function propertyOf(error) {
  if (error instanceof Failure) return error.property
  if (error instanceof WebAssembly.RuntimeError) return unitsLeft() === 0 ? 'work' : 'trap'
  return String(error?.name ?? error)
}

export function areEqual(one, other) {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

function cutAtRandom(input, random) {
  const cuts = Array.from({ length: random.few(4) }, () => random.below(input.length + 1))
  const ends = [...cuts.sort((a, b) => a - b), input.length]
  return ends.map((end, index) => input.subarray(ends[index - 1] ?? 0, end))
}

function eachByte(input) {
  const pieces = new Array(input.length)
  for (let at = 0; at < input.length; at++) pieces[at] = input.subarray(at, at + 1)
  return pieces
}

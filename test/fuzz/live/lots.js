// What is drawn by lot: the same lots for the same seed and session, so that any session can be played once more.
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

const CHANCES = 1 << 20

export class Lots {
  #generator

  /** @param index a number of its own for whatever draws by itself: a session, or a part of one */
  constructor(seed, index) {
    this.#generator = xoroshiro128plus(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
  }

  between(least, most) {
    return uniformInt(this.#generator, least, most)
  }

  below(count) {
    return this.between(0, count - 1)
  }

  chance(probability) {
    return this.below(CHANCES) < probability * CHANCES
  }

  pick(choices) {
    return choices[this.below(choices.length)]
  }

  /** One of the keys, as often as its number says. */
  weighed(weights) {
    const names = Object.keys(weights)
    let drawn = this.below(names.reduce((sum, name) => sum + weights[name], 0))
    return names.find((name) => (drawn -= weights[name]) < 0)
  }

  /** Small more often than large: no more bits than some number of bits drawn before. */
  size(most) {
    return Math.min(most, this.below(2 ** this.between(0, Math.ceil(Math.log2(most + 1)))))
  }

  bytes(length) {
    return Buffer.from(Array.from({ length }, () => this.below(256)))
  }

  /** Lots that are drawn apart from these. */
  split() {
    return new Lots(this.#generator.next(), this.#generator.next())
  }
}

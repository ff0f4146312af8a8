// Numbers that a seed decides.
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export class Random {
  constructor(seed) {
    this.generator = xoroshiro128plus(seed)
  }

  /** A whole number from 0 to `bound`, which it is not. */
  below(bound) {
    return Math.floor(((this.generator.next() >>> 0) / 0x100000000) * bound)
  }

  /** A small number, mostly: from 1 to `most`, each half as likely as the one before. */
  few(most) {
    const zeros = Math.clz32(this.generator.next())
    return Math.min(zeros + 1, most)
  }

  of(list) {
    return list[this.below(list.length)]
  }
}

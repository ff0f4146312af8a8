// Every case of the corpus through the RequestReader: whole, byte by byte, and cut in two at every position. However
// the network cuts a connection's bytes, they mean the same.
import { describe, expect, it } from 'vitest'
import { readCorpus } from '../support/corpus.js'
import { cutAt, cutEvery, replay } from '../support/replay.js'

/** Bytes up to which an input is cut at every position. */
const SHORT = 3000

const cases = readCorpus()

describe.each([...new Set(cases.map(({ file }) => file))])('%s', (name) => {
  for (const { title, bytes, limits, events } of cases.filter(({ file }) => file === name)) {
    it(`${title}, whole`, () => {
      expect(replay([bytes], limits)).toEqual(events)
    })

    it(`${title}, byte by byte`, () => {
      expect(replay(cutEvery(bytes, 1), limits)).toEqual(events)
    })

    it(`${title}, cut in two at every position`, () => {
      const wanted = events.join('\n')
      const wrong = cuts(bytes).find((at) => replay(cutAt(bytes, [at]), limits).join('\n') !== wanted)
      if (wrong === undefined) return
      expect(replay(cutAt(bytes, [wrong]), limits), `cut at ${wrong}`).toEqual(events)
    })
  }
})

// Of a long input: its first and last bytes, the ends of its first lines, those of the window, and some 100 others.
function cuts(bytes: Uint8Array): number[] {
  const all = Array.from(bytes.subarray(1), (_, index) => index + 1)
  if (bytes.length < SHORT) return all
  const stride = Math.ceil(bytes.length / 100)
  const lineEnds = all.filter((at) => bytes[at - 1] === 0x0a).slice(0, 20)
  const ends = [0, ...lineEnds, 65_536, bytes.length]
  const near = new Set(ends.flatMap((end) => Array.from({ length: 7 }, (_, index) => end - 3 + index)))
  return all.filter((at) => at % stride === 0 || near.has(at))
}

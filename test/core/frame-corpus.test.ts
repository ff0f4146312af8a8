// Every case of the corpus of frames through the FrameDecoder: whole, byte by byte, and cut in two at every position.
// And the corpus itself: that it parses, that it is as large as it should be, and that every error has its case.
import { describe, expect, it } from 'vitest'
import { FrameDecoder } from '../../src/core.js'
import { type FrameCase, readFrameCorpus } from '../support/frame-corpus.js'
import { closeCodes, type DecoderOptions, differenceOf, push } from '../support/reference-frames.js'
import { cutAt, cutEvery } from '../support/replay.js'

/** Bytes up to which an input is cut at every position. */
const SHORT = 1000

const cases = readFrameCorpus()

/** What the pieces give, as lines; an error is the last, and frames that came in one push with it are lost. */
function replay(pieces: readonly Uint8Array[], options: DecoderOptions): string[] {
  const decoder = new FrameDecoder(options)
  const lines: string[] = []
  for (const piece of pieces) {
    lines.push(...push(decoder, piece))
    if (lines.at(-1)?.startsWith('error ')) break
  }
  return lines
}

function expected({ frames, error }: FrameCase): string[] {
  return error === undefined ? frames : [...frames, error]
}

// Of a long input: its first and last bytes, and some 50 others.
function cuts({ bytes }: FrameCase): number[] {
  const all = Array.from(bytes.subarray(1), (_, index) => index + 1)
  if (bytes.length < SHORT) return all
  const stride = Math.ceil(bytes.length / 50)
  return all.filter((at) => at < 20 || at > bytes.length - 10 || at % stride === 0)
}

describe.each([...new Set(cases.map(({ file }) => file))])('%s', (name) => {
  for (const one of cases.filter(({ file }) => file === name)) {
    const { title, bytes, options, frames, error } = one

    it(`${title}, whole`, () => {
      expect(replay([bytes], options)).toEqual(error === undefined ? frames : [error])
    })

    it(`${title}, byte by byte`, () => {
      expect(replay(cutEvery(bytes, 1), options)).toEqual(expected(one))
    })

    it(`${title}, cut in two at every position`, () => {
      for (const at of cuts(one)) {
        const lines = replay(cutAt(bytes, [at]), options)
        if (error === undefined) expect(lines, `cut at ${at}`).toEqual(frames)
        else expect([frames.slice(0, lines.length - 1), lines.at(-1)]).toEqual([lines.slice(0, -1), error])
        expect(differenceOf(cutAt(bytes, [at]), options), `cut at ${at}`).toBeUndefined()
      }
    })
  }
})

describe('the corpus of frames', () => {
  it('has at least 100 cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(100)
  })

  it('gives every case a title of its own that ends with its section', () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
    expect(cases.filter(({ title }) => !/ \(RFC \d+ §[\d.]+\)$/.test(title))).toEqual([])
  })

  it('gives every case an input of its own', () => {
    const inputs = cases.map(
      ({ options, bytes }) => JSON.stringify(options) + Buffer.from(bytes).toString('hex'),
    )
    expect(new Set(inputs).size).toBe(cases.length)
  })

  it('has a case for every error', () => {
    const seen = new Set(cases.map(({ error }) => error?.split(' ')[1]))
    expect(Object.keys(closeCodes).filter((code) => !seen.has(code))).toEqual([])
  })

  it('has a case for both ends, with every kind of frame', () => {
    for (const role of ['server', 'client']) {
      const kinds = cases.filter(({ options }) => options.role === role).flatMap(({ frames }) => frames)
      const read = new Set(kinds.map((line) => line.split(' ')[0]))
      expect([...read].sort(), role).toEqual(['binary', 'close', 'continuation', 'ping', 'pong', 'text'])
    }
  })
})

const good = `# A subject

## a title

\`\`\`frames server maxPayload=10 deflate
81 84 key=01020304 "a\\"" 62*2   # a remark
89
\`\`\`
\`\`\`events
text fin "a\\"b" "b"
error BAD_UTF8 1007
\`\`\`
`

describe('the format of the corpus of frames', () => {
  const read = (text: string): FrameCase => readFrameCorpus([['good.md', text]])[0]!

  it('reads bytes, strings, repeats and masks; events and options', () => {
    expect(read(good)).toEqual({
      file: 'good.md',
      title: 'a title',
      bytes: Buffer.from('8184010203046020616689', 'hex'),
      options: { role: 'server', maxPayload: 10, deflate: true },
      frames: ['text fin 61226262'],
      error: 'error BAD_UTF8 1007',
    })
  })

  it.each([
    ['another reader', 'server', 'proxy', "unknown options 'proxy maxPayload=10 deflate'"],
    ['an unknown option', 'deflate', 'inflate', "unknown options 'server maxPayload=10 inflate'"],
    ['bytes that are not hexadecimal', '89\n', '8x\n', "no item at '8x'"],
    ['half a byte', '89\n', '8\n', "no item at '8'"],
    ['a short key', '01020304', '010203', 'no item at'],
    ['a third block', /$/, '```events\n```\n', 'a third block'],
    ['a missing block', /```events[\s\S]*/, '', 'the second block must be events'],
    ['another second block', '```events', '```event', 'the second block must be events'],
    ['an unknown kind of frame', 'text fin', 'words fin', "an unknown event 'words fin"],
    ['an error with another close code', '1007', '1002', "an unknown error 'error BAD_UTF8 1002'"],
    ['an unknown error', 'BAD_UTF8', 'BAD_TEXT', 'an unknown error'],
  ])('refuses %s', (_, part, other, fault) => {
    expect(() => read(good.replace(part, () => other))).toThrow(fault)
  })

  it('names the file, the line and the title of a malformed case', () => {
    expect(() => read(good.replace('89', 'x'))).toThrow(/^good\.md:3: .*, in 'a title'$/)
  })
})

// That the fuzzer finds what it looks for: faults planted in toy targets, which count their own edges where the core would.
import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { COUNTERS, EDGES, FUEL } from '../../build/fuzz/core.mjs'
import { memory } from '../../build/modules/core/wasm.js'
import { cover } from './engine/cover.js'
import { fromLine, toLine } from './engine/escaped.js'
import { Failure } from './engine/failure.js'
import { Fuzzer } from './engine/fuzz.js'
import { hunt } from './engine/hunt.js'
import { minimise } from './engine/minimise.js'
import { place } from './engine/placed.js'

const fuel = new Uint32Array(memory.buffer, FUEL, 1)
const never = () => false

function reach(edge) {
  memory[COUNTERS + edge]++
}

// What the core does at each loop turn and call.
function burn(units) {
  fuel[0] = Math.max(0, fuel[0] - units)
  if (fuel[0] === 0) throw new WebAssembly.RuntimeError('unreachable')
}

/** A target that only tells the length, but for what a test gives it. */
function targetOf(members) {
  const read = (pieces) => [pieces.reduce((length, piece) => length + piece.length, 0)]
  return {
    name: 'toy',
    maxLength: 64,
    dictionary: [],
    read,
    work: { perByte: 1, perPiece: 1, fixed: 10 },
    ...members,
  }
}

async function findIn(target, { executions = 200_000, seed = 1, corpus = [] } = {}) {
  const fuzzer = new Fuzzer(target, { seed, corpus: corpus.map((text) => Buffer.from(text, 'latin1')) })
  fuzzer.replay()
  fuzzer.run(never, executions)
  if (fuzzer.failure) await fuzzer.minimiseFailure()
  return fuzzer
}

/** A word that is found letter by letter, where each letter is an edge. */
const WORD = 'zfuq'

function lettersRight(bytes) {
  let right = 0
  while (right < WORD.length && bytes[right] === WORD.charCodeAt(right)) right++
  return right
}

function wordTarget(isGuided) {
  const read = ([piece, ...others]) => {
    const right = others.length === 0 ? lettersRight(piece) : 0
    if (isGuided) for (let edge = 0; edge <= right; edge++) reach(edge)
    if (right === WORD.length) throw new Failure('word', 'it is there')
    return ['read']
  }
  return targetOf({ read })
}

describe('a fuzzer', () => {
  it('finds a word letter by letter where each is an edge, and makes it all there is', async () => {
    const { failure, executions } = await findIn(wordTarget(true))
    expect(failure.property).toBe('word')
    expect(failure.bytes.toString()).toBe(WORD)
    expect(executions).toBeLessThan(200_000)
  })

  it('does not find it where edges are not counted', async () => {
    const { failure, corpusSize } = await findIn(wordTarget(false))
    expect(failure).toBeUndefined()
    expect(corpusSize).toBe(0)
  })

  it('finds at once what stands in the dictionary, and what stands in the corpus', async () => {
    const found = (bytes) => {
      if (bytes.includes('\x81secret', 0, 'latin1')) throw new Failure('secret', 'it is there')
    }
    const edge = ([piece]) => {
      reach(0)
      return [piece === undefined]
    }
    const target = targetOf({ read: edge, check: found, dictionary: ['\x81secret'] })
    const { failure, executions } = await findIn(target)
    expect(failure.bytes.toString('latin1')).toBe('\x81secret')
    expect(executions).toBeLessThan(10_000)
    const replayed = await findIn(targetOf({ read: edge, check: found }), { corpus: ['a', '\x81secret'] })
    expect(replayed.executions).toBe(2)
    expect(replayed.failure.property).toBe('secret')
  })

  it('does the same again for the same seed, and something else for another', async () => {
    const run = async (seed) => {
      const inputs = []
      const read = ([piece]) => {
        inputs.push(toLine(piece ?? Buffer.alloc(0)))
        reach((piece?.[0] ?? 0) % 16)
        return []
      }
      await findIn(targetOf({ read }), { executions: 500, seed })
      return inputs.join('\n')
    }
    const first = await run(7)
    expect(await run(7)).toBe(first)
    expect(await run(8)).not.toBe(first)
  })
})

describe('a target', () => {
  const after = (condition, outcome) =>
    targetOf({
      read(pieces) {
        reach(0)
        return condition(pieces) ? outcome() : []
      },
    })
  const whole = (pieces) => pieces.length === 1
  const hasA = (pieces) => pieces.some((piece) => piece.includes('A'))

  it.each([
    ['trap', (pieces) => whole(pieces) && hasA(pieces), () => memoryTrap()],
    ['cut', (pieces) => pieces.length === 2 && hasA(pieces), () => ['other']],
    [
      'byte by byte',
      (pieces) => pieces.length > 5 && pieces.every(({ length }) => length === 1),
      () => ['other'],
    ],
    ['work', (pieces) => hasA(pieces), () => burn(1000)],
    ['TypeError', (pieces) => hasA(pieces), () => null.length],
  ])('that breaks the property %s is found, with that name', async (property, condition, outcome) => {
    const { failure } = await findIn(after(condition, outcome), { corpus: ['bbbbbbbb'] })
    expect(failure.property).toBe(property)
  })

  it('may do work in proportion to its input, and no more', async () => {
    const doing = (perByte) =>
      targetOf({
        read(pieces) {
          reach(0)
          for (const piece of pieces) burn(perByte * piece.length + 1)
          return []
        },
      })
    expect((await findIn(doing(1), { executions: 2000 })).failure).toBeUndefined()
    expect((await findIn(doing(2), { executions: 2000 })).failure.property).toBe('work')
  })

  it('has its own relations checked for every input, and peers asked about what is new', async () => {
    const asked = { check: 0, compare: 0 }
    const count = (what) => () => void asked[what]++
    const read = ([piece]) => {
      reach((piece?.[0] ?? 0) % 64)
      return []
    }
    const target = targetOf({ read, check: count('check'), compare: count('compare') })
    const { executions, corpusSize } = await findIn(target, { executions: 2000 })
    expect(asked.check).toBe(executions)
    expect(asked.compare).toBeGreaterThan(corpusSize)
    expect(asked.compare).toBeLessThan(executions / 2)
  })

  it('is read in the way that the first byte picks', async () => {
    const ways = { s: { role: 'server' }, c: { role: 'client' } }
    const seen = new Set()
    const read = (_pieces, way) => {
      reach(0)
      seen.add(way.role)
      return []
    }
    const check = (input) => {
      if (input.includes('s')) throw new Failure('way', 'the byte is part of the input')
    }
    const { failure } = await findIn(targetOf({ ways, read, check }), {
      executions: 1,
      corpus: ['s', 'c', '\x01'],
    })
    expect(failure).toBeUndefined()
    expect([...seen].sort()).toEqual(['client', 'server'])
  })
})

// A load behind the end of memory, which is where inputs end.
function memoryTrap() {
  const bytes = Buffer.from('AGFzbQEAAAABBQFgAAF/AwIBAAUDAQABBwUBAWYAAAoLAQkAQYCAfCgCAAs=', 'base64')
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.f()
}

describe('an input', () => {
  it('lies 16 bytes before the end of memory, and what stands there changes', () => {
    const seen = new Set()
    for (let turn = 0; turn < 8; turn++) {
      const start = place(Buffer.from('abc'))
      expect(memory.subarray(start, start + 3).toString()).toBe('abc')
      expect(memory.length - start).toBe(19)
      seen.add(memory.subarray(start + 3).toString('latin1'))
    }
    expect(seen.size).toBe(4)
  })

  it('is a line of text, and the same again', () => {
    const all = Buffer.from(Uint8Array.from({ length: 256 }, (_, byte) => byte))
    expect(toLine(all)).toMatch(/^[ -~]+$/)
    expect(fromLine(toLine(all)).equals(all)).toBe(true)
    expect(toLine(Buffer.from('#a#'))).toBe('\\x23a#')
    expect(() => fromLine('\\q')).toThrow("'\\q'")
  })

  it('is made as small as it gets', async () => {
    const stillFails = (bytes) => bytes.includes('X') && bytes.lastIndexOf('Z') > bytes.indexOf('X')
    expect((await minimise(Buffer.from('abcXdefZghiXZ'), stillFails)).toString()).toBe('XZ')
    const isLong = async (bytes) => bytes.length > 4
    expect((await minimise(Buffer.from('abcdefghijk'), isLong)).toString()).toBe('aaaaa')
  })
})

it('a minimised corpus shows every feature with few inputs', () => {
  const features = { a: [1, 2], b: [2, 3], abc: [1, 2, 3], d: [4], e: [4] }
  const inputs = Object.keys(features).map((text) => Buffer.from(text))
  const chosen = cover(inputs, (bytes) => features[bytes.toString()])
  expect(chosen.map(String).sort()).toEqual(['abc', 'd'])
})

describe('the instrumented core', () => {
  const digests = (...options) =>
    execFileSync(process.execPath, [...options, 'test/support/transcripts.js'], { encoding: 'utf8' })

  it('has many edges', () => {
    expect(EDGES).toBeGreaterThan(1000)
  })

  it('makes of every corpus what the released one makes of it', () => {
    const released = digests()
    expect(released.trim().split('\n')).toHaveLength(8)
    expect(digests('--import', './test/fuzz/engine/core-hook.js')).toBe(released)
  })
})

describe('npm run fuzz', () => {
  const run = (...args) =>
    execFileSync(process.execPath, ['test/fuzz/run.js', ...args], { encoding: 'utf8', stdio: 'pipe' })

  it('replays every corpus, and nothing is found', { timeout: 300_000 }, () => {
    const output = run('codecs', '--seconds', '0')
    expect(output).toMatch(/\n8 passed, 0 failed\n$/)
    for (const line of output.trim().split('\n').slice(1, 9)) {
      expect(Number(/([\d,]+) executions/.exec(line)[1].replaceAll(',', ''))).toBeGreaterThan(20)
    }
  })

  it.each([[[]], [['nothing']], [['utf8', '--seed', 'x']]])('wants to know what to do: %j', (args) => {
    expect(() => run(...args)).toThrow(/npm run fuzz -- TARGET/)
  })

  it('tells a hang, and on which input', { timeout: 120_000 }, async () => {
    const hanging = new URL('../support/hanging-target.js', import.meta.url).href
    const corpus = [Buffer.from('aXbXc')]
    const outcome = await hunt(hanging, { seed: 1, seconds: 1, corpus, hangMs: 3000 })
    expect(outcome.failure.property).toBe('hang')
    expect(outcome.failure.bytes.toString()).toBe('X')
  })
})

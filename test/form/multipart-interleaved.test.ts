// The core's memory is one for all: bodies that are read at the same time, and other codecs in between, must not disturb
// each other, nor pieces that have been given away.
import { describe, expect, it } from 'vitest'
import {
  decodeMultipart,
  encodeFrame,
  encodeQuery,
  FrameDecoder,
  parseQuery,
  parseRequestHead,
  validUtf8,
} from '../../src/core.js'
import { streamOf } from '../support/multipart-log.js'
import { END, FORM, firstPart, formPart, nextTurn, readForm } from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'

/** A form whose every part tells whose it is. */
function formOfNumber(number: number): { body: Buffer; wanted: [string, Buffer][] } {
  const wanted = Array.from({ length: 4 }, (_, at): [string, Buffer] => {
    const data = `${number}.${at} \r\n--${'b'.slice(0, number % 2)}\r`.repeat(20 * at + number)
    return [`n${number}.${at}`, Buffer.from(data.replaceAll('--b', '--c'))]
  })
  return { body: Buffer.concat([...wanted.map(([name, data]) => formPart(name, data)), END]), wanted }
}

const head = Buffer.from('POST /--b HTTP/1.1\r\nHost: a\r\nX-A: --b--\r\n\r\n')
const frame = encodeFrame({
  opcode: 2,
  payload: Buffer.alloc(5000, '\r\n--b'),
  mask: Buffer.from([1, 2, 3, 4]),
})

/** Other codecs, each over the core's memory. */
function useOtherCodecs(): void {
  expect(parseRequestHead(head)?.target).toBe('/--b')
  expect(new FrameDecoder({ role: 'server' }).push(frame)[0]?.payload.length).toBe(5000)
  expect(parseQuery(`a=%0D%0A--b${'&b=%41'.repeat(100)}`).a).toBe('\r\n--b')
  expect(encodeQuery({ a: '\r\n--b'.repeat(500) }).length).toBe(2 + 500 * 9)
  expect(validUtf8(Buffer.alloc(4999, '\r\n--b€'))).toBe(false)
}

async function* interrupted(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    useOtherCodecs()
    yield piece
    useOtherCodecs()
  }
}

describe('many bodies at once', () => {
  it.each([1, 3, 50, 100_000])('are read each for itself, in pieces of %i', async (size) => {
    const forms = Array.from({ length: 20 }, (_, number) => formOfNumber(number))
    const read = await Promise.all(forms.map(({ body }) => readForm(streamOf(cutEvery(body, size)))))
    expect(read).toEqual(forms.map(({ wanted }) => wanted))
  })

  it('are read each for itself, a piece of each in turn', async () => {
    const forms = [formOfNumber(1), formOfNumber(2), formOfNumber(3)]
    const opened = await Promise.all(forms.map(({ body }) => firstPart(streamOf(cutEvery(body, 2)))))
    const data = opened.map(() => '')
    const iterators = opened.map(({ part }) => part[Symbol.asyncIterator]())
    for (let left = iterators.length; left > 0; ) {
      for (const [at, iterator] of iterators.entries()) {
        const { value, done } = await iterator.next()
        if (done) left--
        else data[at] += Buffer.from(value).toString()
      }
      if (left < iterators.length) break
    }
    const wanted = forms.map(({ wanted }) => wanted[0]![1].toString())
    expect(data.map((text, at) => wanted[at]!.startsWith(text))).toEqual([true, true, true])
    expect(data.some((text, at) => text === wanted[at])).toBe(true)
  })

  it('are read one inside a part of the other', async () => {
    const inner = formOfNumber(5)
    const outer = formOfNumber(6)
    const seen: [string | undefined, Buffer][] = []
    for await (const part of decodeMultipart(streamOf(cutEvery(outer.body, 7)), FORM)) {
      const pieces: Uint8Array[] = []
      for await (const piece of part) {
        pieces.push(piece)
        expect(await readForm(inner.body)).toEqual(inner.wanted)
      }
      seen.push([part.name, Buffer.concat(pieces)])
    }
    expect(seen).toEqual(outer.wanted)
  })

  it('that break a rule leave the others alone', async () => {
    const good = formOfNumber(7)
    const bad = Buffer.concat([formPart('a', 'x'.repeat(100)), Buffer.from('--b\r\nX\r\n\r\n')])
    const all = await Promise.allSettled([
      readForm(streamOf(cutEvery(bad, 3))),
      readForm(streamOf(cutEvery(good.body, 3))),
      readForm(streamOf(cutEvery(good.body.subarray(0, -9), 3))),
      readForm(streamOf(cutEvery(good.body, 5))),
    ])
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    for (const at of [1, 3]) expect(all[at]).toMatchObject({ value: good.wanted })
  })
})

describe('other codecs between two pieces', () => {
  it.each([1, 3, 50, 100_000])('change nothing, in pieces of %i', async (size) => {
    const { body, wanted } = formOfNumber(9)
    expect(await readForm(interrupted(cutEvery(body, size)))).toEqual(wanted)
  })

  it('change no piece that has been given away', async () => {
    const { body, wanted } = formOfNumber(9)
    for (const size of [1, 3, 50, 100_000]) {
      const parts: Uint8Array[][] = []
      for await (const part of decodeMultipart(interrupted(cutEvery(body, size)), FORM)) {
        const pieces: Uint8Array[] = []
        parts.push(pieces)
        for await (const piece of part) {
          pieces.push(piece)
          useOtherCodecs()
        }
      }
      await nextTurn()
      expect(parts.map((pieces) => Buffer.concat(pieces))).toEqual(wanted.map(([, data]) => data))
    }
  })

  it.each([1, 7, 100_000])('change no head that has been read, in pieces of %i', async (size) => {
    const body = Buffer.concat([formPart('näme', 'x', 'f', 'X-A: ä\r\n'), END])
    const { part, parts } = await firstPart(streamOf(cutEvery(body, size)))
    useOtherCodecs()
    await readForm(formOfNumber(8).body)
    await parts.next()
    expect([part.name, part.filename, part.headers['x-a']]).toEqual(['näme', 'f', 'ä'])
  })
})

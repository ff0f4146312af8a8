// encodeMultipart: every kind of content, how it is pulled, and how it ends.
import { describe, expect, it } from 'vitest'
import { encodeMultipart, type Part } from '../../src/core.js'
import { bytesOf, readBack, written } from '../support/multipart-encoded.js'
import { CountedSource, drain, nextTurn, rejectionOf } from '../support/multipart-source.js'
import { unseenRejections } from '../support/unseen-rejections.js'

type Content = Part['content']

async function dataOf(content: Content): Promise<string> {
  const [[, data] = []] = await readBack(encodeMultipart([{ name: 'a', content }]))
  return data!.toString()
}

async function* stream(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* pieces
}

describe('content', () => {
  it.each<[string, Content, string]>([
    ['a text', 'héllo', 'héllo'],
    ['a text with half a surrogate pair', 'a\ud83d', 'a\ufffd'],
    ['an empty text', '', ''],
    ['a number', 1.5, '1.5'],
    ['zero', 0, '0'],
    ['a bigint', 12345678901234567890n, '12345678901234567890'],
    ['true', true, 'true'],
    ['false', false, 'false'],
    ['a Uint8Array', new Uint8Array([97, 98]), 'ab'],
    ['a view into a larger one', new Uint8Array([97, 98, 99, 100]).subarray(1, 3), 'bc'],
    ['a Buffer', Buffer.from('ab'), 'ab'],
    ['an ArrayBuffer', new Uint8Array([97, 98]).buffer, 'ab'],
    ['a Blob', new Blob(['a', 'b']), 'ab'],
    ['a File', new File(['ab'], 'f'), 'ab'],
    ['a ReadableStream', new Blob(['ab']).stream(), 'ab'],
    ['an async iterable of bytes', stream(Buffer.from('a'), Buffer.from('b')), 'ab'],
    ['an async iterable of texts', stream('a', 'é'), 'aé'],
    ['an iterable of texts and bytes', ['a', Buffer.from('b'), 'é'], 'abé'],
    ['an iterable of nothing', [], ''],
    ['an iterable of empty pieces', ['', new Uint8Array(0), 'x', ''], 'x'],
    ['a set', new Set(['a', 'b']), 'ab'],
  ])('may be %s', async (_, content, wanted) => {
    expect(await dataOf(content)).toBe(wanted)
  })

  it('that is a large text or large bytes comes whole', async () => {
    const text = 'é€😀x'.repeat(200_000)
    expect(await dataOf(text)).toBe(text)
    expect(await dataOf(Buffer.from(text))).toBe(text)
    expect(await dataOf(new Blob([text]))).toBe(text)
  })

  it('is not changed', async () => {
    const bytes = Buffer.from('a\r\n--b\n"%22\0')
    const before = Buffer.from(bytes)
    expect(await dataOf(bytes)).toBe(before.toString())
    expect(bytes).toEqual(before)
  })

  it('keeps its line ends', async () => {
    expect(await dataOf('a\nb\rc\r\nd')).toBe('a\nb\rc\r\nd')
  })
})

describe('the pieces of the body', () => {
  it('are none of them empty', async () => {
    const content = ['', new Uint8Array(0), 'x', '']
    for await (const piece of encodeMultipart([
      { name: 'a', content },
      { name: 'b', content: [] },
    ]).body) {
      expect(piece.length).toBeGreaterThan(0)
    }
  })

  it('are few: what is short leaves together', async () => {
    const parts = Array.from({ length: 100 }, (_, at) => ({ name: `n${at}`, content: at }))
    let pieces = 0
    for await (const _ of encodeMultipart(parts).body) pieces++
    expect(pieces).toBe(1)
  })
})

describe('the body', () => {
  it('can be iterated again where no part is a stream', async () => {
    const { body } = encodeMultipart([
      { name: 'a', content: 'x' },
      { name: 'b', content: Buffer.from('y') },
      { name: 'c', content: new Blob(['z']) },
      { name: 'd', content: ['v', 'w'] },
      { name: 'e', content: 1 },
    ])
    const first = await bytesOf(body)
    expect(await bytesOf(body)).toEqual(first)
    expect(first.toString()).toContain('\r\n\r\nvw\r\n')
  })

  it('can be iterated twice at the same time', async () => {
    const { body } = encodeMultipart([
      { name: 'a', content: new Blob(['x'.repeat(200_000)]) },
      { name: 'b', content: ['v', 'w'] },
    ])
    const [first, second] = await Promise.all([bytesOf(body), bytesOf(body)])
    expect(first!.equals(second!)).toBe(true)
    expect(first!.length).toBeGreaterThan(200_000)
  })

  it('that is left in its middle can be iterated from its begin', async () => {
    const { body } = encodeMultipart([{ name: 'a', content: ['v', 'w'] }], { boundary: 'b' })
    for await (const _ of body) break
    expect(String(await bytesOf(body))).toBe(await written([{ name: 'a', content: ['v', 'w'] }]))
  })

  it.each<[string, () => Content]>([
    ['an async generator', () => stream('x')],
    ['a ReadableStream', () => new Blob(['x']).stream()],
  ])('is an error the second time where a part is %s, and never short', async (_, content) => {
    const { body } = encodeMultipart([{ name: 'a', content: content() }])
    await drain(body)
    expect(await rejectionOf(drain(body))).toBeInstanceOf(Error)
  })
})

describe('a stream of a part', () => {
  it('is not pulled before its turn', async () => {
    const source = new CountedSource([Buffer.from('x')])
    const { body } = encodeMultipart([
      { name: 'a', content: stream('1', '2') },
      { name: 'b', content: source },
    ])
    await nextTurn()
    expect(source.pulls).toBe(0)
    let text = ''
    for await (const piece of body) {
      text += Buffer.from(piece).toString()
      if (!text.includes('name="b"')) expect(source.pulls).toBe(0)
    }
    expect(source.pulls).toBe(2)
  })

  it('is pulled no faster than the body is read', async () => {
    function* endless(): Generator<Uint8Array> {
      for (;;) yield Buffer.alloc(1000, 'x')
    }
    const source = new CountedSource(endless())
    let pieces = 0
    for await (const _ of encodeMultipart([{ name: 'a', content: source }]).body) {
      pieces++
      await nextTurn()
      expect(source.pulls).toBeLessThanOrEqual(pieces + 1)
      if (pieces === 50) break
    }
    expect(source.pulls).toBeGreaterThan(40)
  })

  it('passes each piece as it comes, without waiting for more', async () => {
    async function* slow(): AsyncGenerator<string> {
      yield 'one'
      await new Promise(() => {})
    }
    let text = ''
    for await (const piece of encodeMultipart([{ name: 'a', content: slow() }]).body) {
      text += Buffer.from(piece).toString()
      if (text.endsWith('one')) break
    }
    expect(text).toContain('\r\n\r\none')
  })

  it('is ended when the body is left while a piece is awaited that never comes', async () => {
    let returned = 0
    const content: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned++
          return { done: true, value: undefined }
        },
      }),
    }
    const pieces = encodeMultipart([{ name: 'a', content }]).body[Symbol.asyncIterator]()
    await pieces.next()
    void pieces.next()
    await nextTurn()
    void pieces.return?.()
    await nextTurn()
    expect(returned).toBe(1)
  })

  it('is ended when the body is left', async () => {
    const source = new CountedSource([Buffer.from('x'), Buffer.from('y')])
    let text = ''
    for await (const piece of encodeMultipart([{ name: 'a', content: source }]).body) {
      text += Buffer.from(piece).toString()
      if (text.endsWith('x')) break
    }
    await nextTurn()
    expect([source.pulls, source.returned]).toEqual([1, 1])
  })

  it('that is a ReadableStream is cancelled when the body is left', async () => {
    let cancelled = 0
    const content = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from('x')),
      cancel: () => {
        cancelled++
      },
    })
    let text = ''
    for await (const piece of encodeMultipart([{ name: 'a', content }]).body) {
      text += Buffer.from(piece).toString()
      if (text.endsWith('x')) break
    }
    await nextTurn()
    expect(cancelled).toBe(1)
  })

  it('that fails fails the body with its own error', async () => {
    const gone = new Error('gone')
    const { body } = encodeMultipart([{ name: 'a', content: new CountedSource([Buffer.from('x'), gone]) }])
    expect(await rejectionOf(drain(body))).toBe(gone)
  })

  it('of pieces that are neither text nor bytes is a TypeError', async () => {
    for (const piece of [1, null, {}] as unknown[]) {
      const { body } = encodeMultipart([{ name: 'a', content: [piece as string] }])
      expect(await rejectionOf(drain(body)), String(piece)).toBeInstanceOf(TypeError)
    }
  })

  it('leaves no promise rejected that nobody sees', async () => {
    const unseen = await unseenRejections(async () => {
      const gone = new Error('gone')
      for (const pieces of [[gone], [Buffer.from('x'), gone]]) {
        await drain(encodeMultipart([{ name: 'a', content: new CountedSource(pieces) }]).body).catch(() => {})
        for await (const _ of encodeMultipart([{ name: 'a', content: new CountedSource(pieces) }]).body) break
      }
    })
    expect(unseen).toEqual([])
  })
})

// decodeMultipart and where its bytes come from: a source is pulled no faster than it is read, its error is the reader's,
// and it is told when nobody wants the rest.
import { describe, expect, it } from 'vitest'
import { decodeMultipart, type MultipartLimits, type MultipartPart } from '../../src/core.js'
import {
  CountedSource,
  drain,
  FORM,
  firstPart,
  formOf,
  formPart,
  nextTurn,
  readForm,
  rejectionOf,
} from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'
import { unseenRejections } from '../support/unseen-rejections.js'

const body = formOf({ a: 'one', b: 'two' })
const headOf = (name: string): Buffer =>
  Buffer.from(`--b\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\n\r\n`)

/** A file that does not end, 1000 bytes a piece. */
function* endless(): Generator<Uint8Array> {
  yield headOf('a')
  for (;;) yield Buffer.alloc(1000, 'x')
}

describe('a source', () => {
  it('is not pulled before a part is asked for', async () => {
    const source = new CountedSource(cutEvery(body, 10))
    const parts = decodeMultipart(source, FORM)
    await nextTurn()
    parts[Symbol.asyncIterator]()
    await nextTurn()
    expect(source.pulls).toBe(0)
  })

  it('is pulled for a part no further than its head', async () => {
    const source = new CountedSource(endless())
    await firstPart(source)
    await nextTurn()
    expect(source.pulls).toBe(1)
  })

  it('is pulled no faster than a part is iterated', async () => {
    const source = new CountedSource(endless())
    const { part } = await firstPart(source)
    let read = 0
    for await (const piece of part) {
      read += piece.length
      await nextTurn()
      expect(source.pulls).toBeLessThanOrEqual(Math.ceil(read / 1000) + 2)
      if (read > 50_000) break
    }
  })

  it('is pulled no faster than a part’s stream is read', async () => {
    const source = new CountedSource(endless())
    const { part } = await firstPart(source)
    const reader = part.stream().getReader()
    await nextTurn()
    expect(source.pulls).toBeLessThanOrEqual(3)
    for (let read = 1; read <= 50; read++) {
      await reader.read()
      await nextTurn()
      expect(source.pulls).toBeLessThanOrEqual(read + 3)
    }
  })

  it('is pulled once at a time', async () => {
    let open = 0
    let most = 0
    async function* source(): AsyncGenerator<Uint8Array> {
      for (const piece of cutEvery(body, 1)) yield piece
    }
    const inner = source()
    const watched: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          most = Math.max(most, ++open)
          await nextTurn()
          open--
          return inner.next()
        },
      }),
    }
    const { part, parts } = await firstPart(watched)
    await Promise.allSettled([part.bytes(), parts.next(), parts.next(), parts.next()])
    expect(most).toBe(1)
  })

  it('that is a ReadableStream is pulled no faster than it is read', async () => {
    const pieces = endless()
    let pulls = 0
    const stream = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          pulls++
          controller.enqueue(pieces.next().value)
        },
      },
      { highWaterMark: 0 },
    )
    const { part } = await firstPart(stream)
    const iterator = part[Symbol.asyncIterator]()
    for (let read = 1; read <= 20; read++) {
      await iterator.next()
      await nextTurn()
      expect(pulls).toBeLessThanOrEqual(read + 2)
    }
  })

  it('is read to its end where it is slow', async () => {
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (const piece of cutEvery(body, 4)) {
        await nextTurn()
        yield piece
      }
    }
    expect(await readForm(slow())).toEqual([
      ['a', Buffer.from('one')],
      ['b', Buffer.from('two')],
    ])
  })
})

describe('an error of the source', () => {
  const gone = new Error('the client has gone')

  it('reaches who asks for a part', async () => {
    const source = new CountedSource([body.subarray(0, 20), gone])
    expect(await rejectionOf(firstPart(source))).toBe(gone)
  })

  it.each<[string, (part: MultipartPart) => Promise<unknown>]>([
    ['iteration', (part) => part[Symbol.asyncIterator]().next()],
    ['bytes', (part) => part.bytes()],
    ['text', (part) => part.text()],
    ['stream', (part) => part.stream().pipeTo(new WritableStream())],
  ])('reaches who reads a part by %s, and then who asks for the next', async (_, read) => {
    const { part, parts } = await firstPart(new CountedSource([headOf('a'), gone]))
    expect(await rejectionOf(read(part))).toBe(gone)
    expect(await rejectionOf(parts.next())).toBe(gone)
  })

  it('reaches who skips a part', async () => {
    const { parts } = await firstPart(new CountedSource([headOf('a'), Buffer.from('xyz'), gone]))
    expect(await rejectionOf(parts.next())).toBe(gone)
  })

  it('comes after the data before it', async () => {
    const { part } = await firstPart(new CountedSource([headOf('a'), Buffer.from('xyz'), gone]))
    const pieces = part[Symbol.asyncIterator]()
    expect(Buffer.from((await pieces.next()).value).toString()).toBe('xyz')
    expect(await rejectionOf(pieces.next())).toBe(gone)
  })

  it('that is no Error comes through as it is', async () => {
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject('just text') }),
    }
    expect(await rejectionOf(readForm(source))).toBe('just text')
  })

  it('that a ReadableStream is errored with comes through as it is', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(headOf('a')),
      pull: (controller) => controller.error(gone),
    })
    expect(await rejectionOf(readForm(stream))).toBe(gone)
  })

  it('that is thrown before there is a promise comes through as it is', async () => {
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          throw gone
        },
      }),
    }
    expect(await rejectionOf(readForm(source))).toBe(gone)
  })

  it('behind the last boundary is an error too: the body has not come whole', async () => {
    expect(await rejectionOf(readForm(new CountedSource([body, gone])))).toBe(gone)
  })

  it.each([undefined, null, 0, ''])('that is %j comes through as it is', async (reason) => {
    let pulls = 0
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => (pulls++ === 0 ? Promise.reject(reason) : new Promise(() => {})),
      }),
    }
    expect(await rejectionOf(readForm(source))).toBe(reason)
  })
})

describe('a source that nobody wants the rest of is told so, once,', () => {
  it('also when they are left before an error that has come already', async () => {
    const source = new CountedSource([Buffer.concat([formPart('a', 'one'), Buffer.from('--bX')])])
    for await (const _ of decodeMultipart(source, FORM)) break
    await nextTurn()
    expect(source.returned).toBe(1)
  })

  it('when the parts are left by break', async () => {
    const source = new CountedSource(endless())
    for await (const _ of decodeMultipart(source, FORM)) break
    expect(source.returned).toBe(1)
  })

  it('when the parts are left by an error of who reads', async () => {
    const source = new CountedSource(endless())
    const mine = new Error('mine')
    const read = async (): Promise<void> => {
      for await (const _ of decodeMultipart(source, FORM)) throw mine
    }
    expect(await rejectionOf(read())).toBe(mine)
    expect(source.returned).toBe(1)
  })

  it('when the parts are left in the middle of a part', async () => {
    const source = new CountedSource(endless())
    outer: for await (const part of decodeMultipart(source, FORM)) {
      for await (const _ of part) break outer
    }
    expect(source.returned).toBe(1)
  })

  it('when the parts are left while a part waits for its next piece', async () => {
    let returned = 0
    const pieces = [headOf('a')].values()
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const { value, done } = pieces.next()
          return done ? new Promise<never>(() => {}) : { done: false, value }
        },
        return: async () => {
          returned++
          return { done: true, value: undefined }
        },
      }),
    }
    const { part, parts } = await firstPart(source)
    part.bytes().catch(() => {})
    await nextTurn()
    void parts.return?.()
    await nextTurn()
    expect(returned).toBe(1)
  })

  it.each<[string, Buffer, MultipartLimits]>([
    ['BAD_DELIMITER', Buffer.from('--bX'), {}],
    ['BAD_PART_HEAD', Buffer.from('--b\r\nX\r\n\r\n'), {}],
    ['PART_HEAD_TOO_LARGE', body, { maxHeadSize: 10 }],
    ['TOO_MANY_PARTS', body, { maxParts: 1 }],
    ['TOO_MANY_FORM_FIELDS', body, { maxFields: 1 }],
    ['FIELD_TOO_LARGE', body, { maxFieldSize: 1 }],
    ['MULTIPART_TOO_LARGE', body, { maxTotal: 20 }],
  ])('after %s', async (code, start, limits) => {
    const source = new CountedSource([start, ...Array<Buffer>(5).fill(Buffer.from('rest'))])
    expect(await rejectionOf(readForm(source, limits))).toMatchObject({ code })
    await nextTurn()
    expect([source.pulls, source.returned]).toEqual([1, 1])
  })

  it('also where it is a ReadableStream', async () => {
    const pieces = endless()
    let cancelled = 0
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(pieces.next().value),
      cancel: () => {
        cancelled++
      },
    })
    for await (const _ of decodeMultipart(stream, FORM)) break
    await nextTurn()
    expect(cancelled).toBe(1)
  })

  it('also where it is a ReadableStream that broke a rule', async () => {
    let cancelled = 0
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Buffer.from('--b?')),
      cancel: () => {
        cancelled++
      },
    })
    expect(await rejectionOf(readForm(stream))).toMatchObject({ code: 'BAD_DELIMITER' })
    await nextTurn()
    expect(cancelled).toBe(1)
  })

  it('though it has no ear for it', async () => {
    const pieces = endless()
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: pieces.next().value }) }),
    }
    let parts = 0
    for await (const _ of decodeMultipart(source, FORM)) {
      parts++
      break
    }
    expect(parts).toBe(1)
  })

  it('though it fails at that', async () => {
    const source: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: Buffer.from('--bX') }),
        return: () => Promise.reject(new Error('cannot end')),
      }),
    }
    expect(await rejectionOf(readForm(source))).toMatchObject({ code: 'BAD_DELIMITER' })
  })
})

describe('after an error', () => {
  const cases: [string, Buffer, MultipartLimits, number][] = [
    ['BAD_DELIMITER', Buffer.concat([formPart('a', 'one'), Buffer.from('--bX')]), {}, 1],
    ['BAD_PART_HEAD', Buffer.concat([formPart('a', 'one'), Buffer.from('--b\r\nX\r\n\r\n')]), {}, 1],
    ['MISSING_FINAL_BOUNDARY', formPart('a', 'one'), {}, 0],
    ['TOO_MANY_PARTS', body, { maxParts: 1 }, 1],
    ['FIELD_TOO_LARGE', body, { maxFieldSize: 2 }, 0],
  ]

  it.each(cases)('%s is thrown again when the next part is asked for again', async (code, bytes, limits) => {
    const parts = decodeMultipart(bytes, FORM, limits)[Symbol.asyncIterator]()
    const errors: unknown[] = []
    for (let asked = 0; asked < 6; asked++) {
      await parts.next().catch((error: unknown) => errors.push(error))
    }
    expect(errors[0]).toMatchObject({ name: 'ProtocolError', code })
    expect(new Set(errors).size).toBe(1)
  })

  it('of a part its reader has it first, the same that the parts then have', async () => {
    const { part, parts } = await firstPart(Buffer.concat([headOf('a'), Buffer.from('short')]))
    const error = await rejectionOf(part.bytes())
    expect(error).toMatchObject({ code: 'MISSING_FINAL_BOUNDARY', status: 400 })
    expect(await rejectionOf(parts.next())).toBe(error)
  })

  it('a part that stands before it is whole', async () => {
    const bytes = Buffer.concat([formPart('a', 'one'), formPart('b', 'two'), Buffer.from('--b\r\nX\r\n\r\n')])
    const seen: string[] = []
    const read = async (): Promise<void> => {
      for await (const part of decodeMultipart(bytes, FORM)) seen.push(`${part.name} ${await part.text()}`)
    }
    expect(await rejectionOf(read())).toMatchObject({ code: 'BAD_PART_HEAD' })
    expect(seen).toEqual(['a one', 'b two'])
  })
})

describe('calls at the same time', () => {
  it('for two parts give both, in order, or an error', async () => {
    const parts = decodeMultipart(new CountedSource(cutEvery(body, 1)), FORM)[Symbol.asyncIterator]()
    const results = await Promise.allSettled([parts.next(), parts.next(), parts.next()])
    const names = results.flatMap((result) =>
      result.status === 'fulfilled' ? [result.value.value?.name] : [],
    )
    expect(['a', 'a,b', 'a,b,']).toContain(names.join())
  })

  it('for a part’s bytes and the next part give no wrong bytes', async () => {
    const { part, parts } = await firstPart(new CountedSource(cutEvery(body, 1)))
    const [first, second] = await Promise.allSettled([part.bytes(), parts.next()])
    if (first.status === 'fulfilled') expect(Buffer.from(first.value).toString()).toBe('one')
    if (second.status === 'rejected') return
    expect(second.value.value.name).toBe('b')
    expect(Buffer.from(await second.value.value.bytes()).toString()).toBe('two')
  })

  it('for the next part and then the bytes of the one before give no wrong bytes', async () => {
    const { part, parts } = await firstPart(new CountedSource(cutEvery(body, 1)))
    const [second, first] = await Promise.allSettled([
      parts.next(),
      Promise.resolve().then(() => part.bytes()),
    ])
    if (first.status === 'fulfilled') expect(Buffer.from(first.value).toString()).toBe('one')
    if (second.status === 'rejected') return
    expect(Buffer.from(await second.value.value.bytes()).toString()).toBe('two')
  })

  it('for pieces of one part lose none and swap none', async () => {
    const digits = '0123456789'.repeat(10)
    const { part } = await firstPart(new CountedSource(cutEvery(formOf({ a: digits }), 3)))
    const pieces = part[Symbol.asyncIterator]()
    let text = ''
    for (let isDone = false; !isDone; ) {
      const results = await Promise.all([pieces.next(), pieces.next(), pieces.next()])
      for (const { value, done } of results) {
        if (done) isDone = true
        else text += Buffer.from(value).toString('latin1')
      }
    }
    expect(text).toBe(digits)
  })

  it('leave no promise rejected that nobody sees', async () => {
    const unseen = await unseenRejections(async () => {
      for (const bytes of [Buffer.concat([headOf('a'), Buffer.from('short')]), Buffer.from('--bX'), body]) {
        await firstPart(new CountedSource(cutEvery(bytes, 2))).then(
          ({ part, parts }) => [part.stream(), parts.return?.()],
          () => {},
        )
        await readForm(new CountedSource(cutEvery(bytes, 2)), { maxFieldSize: 1 }).catch(() => {})
      }
    })
    expect(unseen).toEqual([])
  })
})

it('a source is read to its end, also when every part is skipped: an epilogue belongs to the body', async () => {
  const source = new CountedSource([body, Buffer.from('epilogue'), Buffer.from('--b\r\nno part')])
  await drain(decodeMultipart(source, FORM))
  expect([source.pulls, source.returned]).toEqual([4, 0])
})

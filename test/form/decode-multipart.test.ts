// decodeMultipart: what may be a body, and what a part is to who reads it.
import { describe, expect, it } from 'vitest'
import { decodeMultipart } from '../../src/core.js'
import { streamOf } from '../support/multipart-log.js'
import {
  drain,
  END,
  FORM,
  firstPart,
  formOf,
  formPart,
  MIXED,
  nextTurn,
  readableOf,
  readForm,
  rejectionOf,
} from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'

const body = formOf({ a: 'one', b: 'two' })
const both = [
  ['a', Buffer.from('one')],
  ['b', Buffer.from('two')],
]

describe('a body', () => {
  it('may be bytes', async () => {
    expect(await readForm(body)).toEqual(both)
    expect(await readForm(Uint8Array.from(body))).toEqual(both)
  })

  it('may be an async iterable', async () => {
    expect(await readForm(streamOf(cutEvery(body, 10)))).toEqual(both)
  })

  it('may be a ReadableStream', async () => {
    expect(await readForm(new Blob([Uint8Array.from(body)]).stream())).toEqual(both)
    expect(await readForm(readableOf(cutEvery(body, 10)))).toEqual(both)
  })

  it('may be that of a Response', async () => {
    expect(await readForm(new Response(Uint8Array.from(body)).body!)).toEqual(both)
  })

  it('is nothing else', async () => {
    for (const other of [undefined, null, 'text', 1, {}, new ArrayBuffer(8)] as unknown[]) {
      const read = async (): Promise<unknown> => readForm(other as Uint8Array)
      expect(await rejectionOf(read()), String(other)).toBeInstanceOf(TypeError)
    }
  })

  it('of pieces that are no bytes is refused', async () => {
    for (const piece of ['text', 1, null, new ArrayBuffer(8)] as unknown[]) {
      const error = await rejectionOf(readForm(streamOf([body.subarray(0, 10), piece as Uint8Array])))
      expect(error, String(piece)).toBeInstanceOf(TypeError)
    }
  })

  it('is read from its begin though nobody asks for a part at once', async () => {
    const parts = decodeMultipart(streamOf([body]), FORM)
    await nextTurn()
    const names: (string | undefined)[] = []
    for await (const { name } of parts) names.push(name)
    expect(names).toEqual(['a', 'b'])
  })
})

describe('a content type', () => {
  it('without a boundary throws at once, before anything is read', () => {
    for (const type of [
      'multipart/form-data',
      'text/plain; boundary=b',
      '',
      'multipart/form-data; boundary=""',
    ]) {
      expect(() => decodeMultipart(body, type), type).toThrow(
        expect.objectContaining({ name: 'ProtocolError', code: 'BAD_BOUNDARY', status: 400 }),
      )
    }
  })

  it('that is no text is refused', () => {
    for (const type of [undefined, null, 1] as unknown[]) {
      expect(() => decodeMultipart(body, type as string), String(type)).toThrow()
    }
  })
})

describe('the parts', () => {
  it('are done after the last one, and stay so', async () => {
    const { parts } = await firstPart(formOf({ a: 'one' }))
    expect(await parts.next()).toEqual({ done: true, value: undefined })
    expect(await parts.next()).toEqual({ done: true, value: undefined })
  })

  it('that are not read are skipped', async () => {
    const names: (string | undefined)[] = []
    for await (const { name } of decodeMultipart(streamOf(cutEvery(body, 3)), FORM)) names.push(name)
    expect(names).toEqual(['a', 'b'])
  })

  it('follow one that is read in part', async () => {
    for (const size of [1, 7, 1000]) {
      const seen: string[] = []
      for await (const part of decodeMultipart(streamOf(cutEvery(body, size)), FORM)) {
        for await (const piece of part) {
          seen.push(`${part.name} ${Buffer.from(piece).toString('latin1')[0]}`)
          break
        }
      }
      expect(seen, `pieces of ${size}`).toEqual(['a o', 'b t'])
    }
  })

  it('follow one whose stream is cancelled', async () => {
    const seen: string[] = []
    for await (const part of decodeMultipart(streamOf(cutEvery(body, 1)), FORM)) {
      const reader = part.stream().getReader()
      const { value } = await reader.read()
      seen.push(`${part.name} ${Buffer.from(value!)}`)
      await reader.cancel()
    }
    expect(seen).toEqual(['a o', 'b t'])
  })

  it('follow one whose stream nobody reads', async () => {
    const seen: (string | undefined)[] = []
    for await (const part of decodeMultipart(streamOf(cutEvery(body, 1)), FORM)) {
      part.stream()
      seen.push(part.name)
    }
    expect(seen).toEqual(['a', 'b'])
  })
})

describe('a part', () => {
  it('has names, a type and fields', async () => {
    const fields = 'Content-Type: image/png\r\nX-A: 1\r\n'
    const { part } = await firstPart(Buffer.concat([formPart('a', 'x', 'b.png', fields), END]))
    expect([part.name, part.filename, part.contentType]).toEqual(['a', 'b.png', 'image/png'])
    expect({ ...part.headers }).toEqual({
      'content-disposition': 'form-data; name="a"; filename="b.png"',
      'content-type': 'image/png',
      'x-a': '1',
    })
  })

  it('has neither a name nor a filename where none is stated', async () => {
    const { part } = await firstPart(Buffer.from('--b\r\n\r\nx\r\n--b--'), {}, MIXED)
    expect([part.name, part.filename, part.contentType]).toEqual([undefined, undefined, 'text/plain'])
    expect(Object.keys(part.headers)).toEqual([])
  })

  it('has fields that inherit nothing', async () => {
    const { part } = await firstPart(Buffer.concat([formPart('a', 'x', undefined, '__proto__: 1\r\n'), END]))
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      if (name !== '__proto__') expect(name in part.headers, name).toBe(false)
    }
    expect(Object.keys(part.headers)).toEqual(['content-disposition', '__proto__'])
  })

  it('counts the bytes that have come', async () => {
    const { part } = await firstPart(
      streamOf(cutEvery(Buffer.concat([formPart('a', 'x'.repeat(1000)), END]), 10)),
    )
    let seen = 0
    for await (const piece of part) {
      seen += piece.length
      expect(part.size).toBe(seen)
    }
    expect(part.size).toBe(1000)
  })

  it('counts its bytes also when they are read at once', async () => {
    const { part } = await firstPart(formOf({ a: 'hello' }))
    await part.bytes()
    expect(part.size).toBe(5)
  })
})

describe('the bytes of a part', () => {
  it('are memory of its own', async () => {
    const source = Buffer.from(formOf({ a: 'hello' }))
    const { part } = await firstPart(source)
    const bytes = await part.bytes()
    source.fill(0)
    expect(Buffer.from(bytes).toString()).toBe('hello')
    expect(bytes.buffer.byteLength).toBeLessThan(100)
  })

  it('are a Uint8Array, and so are its pieces', async () => {
    const { part, parts } = await firstPart(streamOf(cutEvery(body, 20)))
    expect(await part.bytes()).toBeInstanceOf(Uint8Array)
    for await (const piece of (await parts.next()).value) expect(piece).toBeInstanceOf(Uint8Array)
  })

  it('are none where the part is empty', async () => {
    const { part } = await firstPart(formOf({ a: '' }))
    expect((await part.bytes()).length).toBe(0)
  })
})

describe('the text of a part', () => {
  const textOf = async (type: string, data: Uint8Array | string): Promise<string> => {
    const { part } = await firstPart(
      Buffer.concat([formPart('a', data, undefined, type && `Content-Type: ${type}\r\n`), END]),
    )
    return part.text()
  }

  it('is read in UTF-8 where no charset is stated', async () => {
    expect(await textOf('', 'é€😀')).toBe('é€😀')
    expect(await textOf('text/html', 'é€😀')).toBe('é€😀')
  })

  it('is read by its charset', async () => {
    expect(await textOf('text/plain; charset=iso-8859-1', Buffer.from([0xe9]))).toBe('é')
    expect(await textOf('text/plain; CHARSET="windows-1251"; x=y', Buffer.from([0xe9]))).toBe('й')
    expect(await textOf('text/plain;charset=UTF-16LE', Buffer.from('a€', 'utf16le'))).toBe('a€')
    expect(await textOf('text/plain; charset=utf-8', 'é')).toBe('é')
    expect(await textOf('text/plain; charset=us-ascii', 'abc')).toBe('abc')
  })

  it('has U+FFFD for what is no UTF-8', async () => {
    expect(await textOf('', Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]))).toBe('a\ufffd\ufffdb')
  })

  it('has no byte order mark', async () => {
    expect(await textOf('', '\ufeffa\ufeff')).toBe('a\ufeff')
  })

  it('keeps its line ends', async () => {
    expect(await textOf('', 'a\r\nb\nc\rd')).toBe('a\r\nb\nc\rd')
  })

  it('is read whole, characters that are cut through too', async () => {
    const data = Buffer.from('é€😀'.repeat(20))
    const { part } = await firstPart(streamOf(cutEvery(Buffer.concat([formPart('a', data), END]), 1)))
    expect(await part.text()).toBe(data.toString())
  })
})

describe('reading a part a second time', () => {
  const ways: [string, (part: Awaited<ReturnType<typeof firstPart>>['part']) => Promise<unknown>][] = [
    ['bytes', (part) => part.bytes()],
    ['text', (part) => part.text()],
    ['stream', async (part) => new Response(part.stream()).text()],
    ['iteration', (part) => drain(part)],
  ]
  const pairs = ways.flatMap(([first, read]) =>
    ways.map(([second, again]) => [second, first, read, again] as const),
  )

  it.each(pairs)('is a TypeError: %s after %s', async (_second, _first, read, again) => {
    for (const size of [5, body.length]) {
      const { part, parts } = await firstPart(streamOf(cutEvery(body, size)))
      await read(part)
      expect(await rejectionOf(Promise.resolve().then(() => again(part)))).toBeInstanceOf(TypeError)
      expect((await parts.next()).value.name).toBe('b')
    }
  })

  it('is a TypeError also while the first goes on, and does not disturb it', async () => {
    const { part, parts } = await firstPart(streamOf(cutEvery(body, 1)))
    const first = part.bytes()
    expect(await rejectionOf(Promise.resolve().then(() => part.bytes()))).toBeInstanceOf(TypeError)
    expect(Buffer.from(await first).toString()).toBe('one')
    expect(Buffer.from(await (await parts.next()).value.bytes()).toString()).toBe('two')
  })
})

describe('a part whose time is over', () => {
  it('gives nothing of the next one', async () => {
    const { part, parts } = await firstPart(streamOf(cutEvery(body, 1)))
    const { value: second } = await parts.next()
    expect(await rejectionOf(Promise.resolve().then(() => part.bytes()))).toBeInstanceOf(TypeError)
    expect(Buffer.from(await second.bytes()).toString()).toBe('two')
  })

  it('gives nothing once the parts are at their end', async () => {
    const { part, parts } = await firstPart(formOf({ a: 'one' }))
    await parts.next()
    expect(await rejectionOf(Promise.resolve().then(() => part.bytes()))).toBeInstanceOf(TypeError)
  })

  it('gives nothing to an iteration that had not begun, also where all had come', async () => {
    for (const source of [body, streamOf(cutEvery(body, 1))]) {
      const { part, parts } = await firstPart(source)
      const pieces = part[Symbol.asyncIterator]()
      await parts.next()
      expect(await rejectionOf(pieces.next())).toBeInstanceOf(TypeError)
    }
  })

  it('gives nothing more to an iteration that was left', async () => {
    const { part } = await firstPart(streamOf(cutEvery(formOf({ a: 'x'.repeat(100) }), 10)))
    const pieces = part[Symbol.asyncIterator]()
    await pieces.next()
    await pieces.return!()
    const late = await pieces.next().then(
      ({ done, value }) => (done ? 'done' : String(value)),
      () => 'an error',
    )
    expect(['done', 'an error']).toContain(late)
  })

  it('gives nothing to an iteration that was left standing', async () => {
    const { part, parts } = await firstPart(streamOf(cutEvery(body, 1)))
    const pieces = part[Symbol.asyncIterator]()
    await pieces.next()
    const { value: second } = await parts.next()
    const late = await pieces.next().then(
      ({ done, value }) => (done ? 'done' : String(value)),
      () => 'an error',
    )
    expect(['done', 'an error']).toContain(late)
    expect(Buffer.from(await second.bytes()).toString()).toBe('two')
  })
})

// The limits of decodeMultipart that are in force when nothing is said, and what may be said. Each is told just under and
// just over in the corpus (test/corpus/multipart/limits.md).
import { describe, expect, it } from 'vitest'
import { decodeMultipart, type MultipartLimits } from '../../src/core.js'
import {
  CountedSource,
  END,
  FORM,
  formOf,
  formPart,
  MIXED,
  readForm,
  rejectionOf,
} from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'

const KIB = 1024
const MIB = 1024 * KIB

function repeated(count: number, part: Buffer): Buffer {
  return Buffer.concat([...Array<Buffer>(count).fill(part), END])
}

function headOf(length: number): Buffer {
  return Buffer.from(`--b\r\nX: ${'v'.repeat(length - 'X: \r\n\r\n'.length)}\r\n\r\nx\r\n--b--`)
}

const field = formPart('a', 'x')
const fileOf = (data: Buffer | string): Buffer => formPart('a', data, 'f')
const large = Buffer.alloc(MIB, 'x')

describe('a head of the most bytes there may be', () => {
  it.each([1 << 30, 1025, 1024, 1000, 1])(
    'is read in pieces of %i, and not one of a byte more',
    async (size) => {
      const [most, more] = [headOf(64 * KIB), headOf(64 * KIB + 1)]
      const limits = { maxHeadSize: 64 * KIB }
      expect((await readForm(new CountedSource(cutEvery(most, size)), limits, MIXED)).length).toBe(1)
      const error = await rejectionOf(readForm(new CountedSource(cutEvery(more, size)), limits, MIXED))
      expect(error).toMatchObject({ code: 'PART_HEAD_TOO_LARGE' })
    },
  )
})

describe('when nothing is said', () => {
  it.each<[string, Buffer, Buffer, string]>([
    [
      '1000 parts',
      repeated(1000, Buffer.from('--b\r\n\r\nx\r\n')),
      repeated(1001, Buffer.from('--b\r\n\r\nx\r\n')),
      'TOO_MANY_PARTS',
    ],
    [
      '1 MiB of a field',
      Buffer.concat([formPart('a', large), END]),
      Buffer.concat([formPart('a', `x${large}`), END]),
      'FIELD_TOO_LARGE',
    ],
    ['16 KiB of a head', headOf(16 * KIB), headOf(16 * KIB + 1), 'PART_HEAD_TOO_LARGE'],
  ])('the most is %s', async (_, most, more, code) => {
    for (const size of [1 << 30, 1000]) {
      expect((await readForm(new CountedSource(cutEvery(most, size)), {}, MIXED)).length).toBeGreaterThan(0)
      const error = await rejectionOf(readForm(new CountedSource(cutEvery(more, size)), {}, MIXED))
      expect(error).toMatchObject({ name: 'ProtocolError', code, status: 413 })
    }
  })

  it('the most is 1000 fields, though there may be more parts', async () => {
    expect((await readForm(repeated(1000, field), { maxParts: 5000 })).length).toBe(1000)
    expect(await rejectionOf(readForm(repeated(1001, field), { maxParts: 5000 }))).toMatchObject({
      code: 'TOO_MANY_FORM_FIELDS',
    })
  })

  it('the most is 1000 files, though there may be more parts', async () => {
    expect((await readForm(repeated(1000, fileOf('x')), { maxParts: 5000 })).length).toBe(1000)
    expect(await rejectionOf(readForm(repeated(1001, fileOf('x')), { maxParts: 5000 }))).toMatchObject({
      code: 'TOO_MANY_FILES',
    })
  })

  it('a file and a body may be of any size', async () => {
    const [[, data] = []] = await readForm(Buffer.concat([fileOf(Buffer.alloc(20 * MIB, 'x')), END]))
    expect(data!.length).toBe(20 * MIB)
  })
})

describe('a limit', () => {
  const names: (keyof MultipartLimits)[] = [
    'maxParts',
    'maxFields',
    'maxFiles',
    'maxFieldSize',
    'maxFileSize',
    'maxHeadSize',
    'maxTotal',
  ]

  const unboundedNames = names.filter((name) => name !== 'maxHeadSize')

  it.each(names)('%s is a number from 0 up, or a RangeError', (name) => {
    for (const value of [-1, Number.NaN, Number.NEGATIVE_INFINITY, '1', null, {}] as unknown[]) {
      expect(() => decodeMultipart(END, FORM, { [name]: value }), String(value)).toThrow(RangeError)
    }
  })

  it.each(unboundedNames)('%s may be unbounded, and its default where it is undefined', async (name) => {
    const body = Buffer.concat([formPart('a', 'x'), formPart('b', 'x', 'f'), END])
    expect((await readForm(body, { [name]: Number.POSITIVE_INFINITY })).length).toBe(2)
    expect((await readForm(body, { [name]: undefined } as MultipartLimits)).length).toBe(2)
  })

  it('maxHeadSize is a number of bytes from 2 to 64 KiB, for a head is read in one go', async () => {
    expect((await readForm(formOf({ a: 'x' }), { maxHeadSize: 64 * KIB })).length).toBe(1)
    expect((await readForm(END, { maxHeadSize: 2 })).length).toBe(0)
    for (const maxHeadSize of [0, 1, 64 * KIB + 1, Number.POSITIVE_INFINITY]) {
      expect(() => decodeMultipart(END, FORM, { maxHeadSize }), String(maxHeadSize)).toThrow(RangeError)
    }
  })

  it('is past 2^32 where it is so stated', async () => {
    const limits = Object.fromEntries(unboundedNames.map((name) => [name, 2 ** 40]))
    expect((await readForm(formOf({ a: 'x', b: 'y' }), limits)).length).toBe(2)
  })

  it('counts a part that is skipped', async () => {
    const body = Buffer.concat([formPart('a', 'x'.repeat(100)), formPart('b', 'x'.repeat(101)), END])
    const names: (string | undefined)[] = []
    const skipAll = async (): Promise<void> => {
      for await (const { name } of decodeMultipart(body, FORM, { maxFieldSize: 100 })) names.push(name)
    }
    expect(await rejectionOf(skipAll())).toMatchObject({ code: 'FIELD_TOO_LARGE' })
    expect(names).toEqual(['a', 'b'])
  })

  it('counts a part that is skipped from its middle', async () => {
    const body = Buffer.concat([formPart('a', 'x'.repeat(100)), END])
    const readSome = async (): Promise<void> => {
      for await (const part of decodeMultipart(new CountedSource(cutEvery(body, 10)), FORM, {
        maxFieldSize: 99,
      })) {
        for await (const _ of part) break
      }
    }
    expect(await rejectionOf(readSome())).toMatchObject({ code: 'FIELD_TOO_LARGE' })
  })

  it('of a part’s size is told before the whole part has come', async () => {
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n')
      for (;;) yield Buffer.alloc(1000, 'x')
    }
    const source = new CountedSource(endless())
    expect(await rejectionOf(readForm(source, { maxFieldSize: 10_000 }))).toMatchObject({
      code: 'FIELD_TOO_LARGE',
    })
    expect(source.pulls).toBeLessThanOrEqual(13)
  })

  it.each([
    ['maxHeadSize', 'PART_HEAD_TOO_LARGE', '--b\r\nX: '],
    ['maxTotal', 'MULTIPART_TOO_LARGE', ''],
  ] as const)('%s is told before what it bounds has ended', async (name, code, begin) => {
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from(begin)
      for (;;) yield Buffer.alloc(1000, 'x')
    }
    const source = new CountedSource(endless())
    expect(await rejectionOf(readForm(source, { [name]: 10_000 }))).toMatchObject({ code })
    expect(source.pulls).toBeLessThanOrEqual(13)
  })

  it('of a size never passes a byte more', async () => {
    const body = Buffer.concat([formPart('a', 'x'.repeat(5000), 'f'), END])
    for (const size of [1, 10, 999, 100_000]) {
      let seen = 0
      const read = async (): Promise<void> => {
        for await (const part of decodeMultipart(new CountedSource(cutEvery(body, size)), FORM, {
          maxFileSize: 1000,
        })) {
          for await (const piece of part) seen += piece.length
        }
      }
      expect(await rejectionOf(read())).toMatchObject({ code: 'FILE_TOO_LARGE' })
      expect(seen, `pieces of ${size}`).toBeLessThanOrEqual(1000)
    }
  })
})

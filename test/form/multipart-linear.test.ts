// Twice the body takes twice the time, whatever it is made of and however it comes. Were the time to grow with the
// square, twice the body would take four times as long.
import { describe, expect, it } from 'vitest'
import { decodeMultipart, encodeMultipart, type MultipartLimits } from '../../src/core.js'
import { growthOf } from '../support/growth.js'
import { streamOf } from '../support/multipart-log.js'
import { drain, END, FORM, formPart } from '../support/multipart-source.js'
import { cutEvery } from '../support/replay.js'

const KIB = 1024
const MIB = 1024 * KIB
const unbounded: MultipartLimits = {
  ...{ maxParts: 1e12, maxFields: 1e12, maxFiles: 1e12, maxFieldSize: 1e12 },
  maxHeadSize: 64 * KIB,
}

async function skim(pieces: Iterable<Uint8Array>, contentType = FORM): Promise<void> {
  for await (const part of decodeMultipart(streamOf(pieces), contentType, unbounded)) {
    await drain(part)
  }
}

function filled(unit: string, length: number): Buffer {
  return Buffer.alloc(length - (length % unit.length), unit, 'latin1')
}

/** Holds the pieces of a body of `size` to those of part of it. */
async function demandLinear(
  pieces: (size: number) => readonly Uint8Array[],
  size: number,
  contentType = FORM,
): Promise<void> {
  const skimming = (length: number) => {
    const body = pieces(length)
    return () => skim(body, contentType)
  }
  expect(await growthOf(skimming, size)).toBeLessThan(3)
}

const LONG = 'ab'.repeat(35)
const LONG_FORM = `multipart/mixed; boundary=${LONG}`

/** What data may be full of, for the boundary `b`; for the one of 70 characters near ones are longer. */
const units: readonly (readonly [title: string, unit: string])[] = [
  ['CR', '\r'],
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['dashes', '-'],
  ['CRLF and dashes', '\r\n--'],
  ['CRLF, dashes and another letter', '\r\n--c'],
  ['delimiters behind LF', '\n--b'],
  ['delimiters behind CR', '\r--b'],
  ['boundaries', '--b'],
  ['plain bytes', 'x'],
]

describe('data of 1 MiB', () => {
  it.each(units)(
    'takes twice as long as its half: %s',
    async (_, unit) => {
      await demandLinear((size) => [Buffer.concat([formPart('a', filled(unit, size), 'f'), END])], MIB)
    },
    60_000,
  )

  it('takes twice as long as its half: all of a long boundary but its last character', async () => {
    const unit = `\r\n--${LONG.slice(0, -1)}`
    const bodyOf = (size: number): Buffer =>
      Buffer.from(`--${LONG}\r\n\r\n${filled(unit, size).toString('latin1')}\r\n--${LONG}--`)
    await demandLinear((size) => [bodyOf(size)], MIB, LONG_FORM)
  }, 60_000)

  it('takes twice as long as its half: beginnings of a boundary that begins anew in itself', async () => {
    const bodyOf = (size: number): Buffer =>
      Buffer.from(
        `--${'-'.repeat(70)}\r\n\r\n\r\n${'-'.repeat(71)}\r\n${'-'.repeat(size)}\r\n--${'-'.repeat(70)}--`,
      )
    await demandLinear((size) => [bodyOf(size)], MIB, `multipart/mixed; boundary=${'-'.repeat(70)}`)
  }, 60_000)

  it('takes twice as long as its half when it is read at once', async () => {
    const bodyOf = (size: number): Uint8Array[] =>
      cutEvery(Buffer.concat([formPart('a', filled('x', size)), END]), 1000)
    const read = async (pieces: Uint8Array[]): Promise<void> => {
      for await (const part of decodeMultipart(streamOf(pieces), FORM)) await part.bytes()
    }
    const reading = (size: number) => {
      const pieces = bodyOf(size)
      return () => read(pieces)
    }
    expect(await growthOf(reading, MIB)).toBeLessThan(3)
  }, 60_000)
})

describe('one-byte pieces', () => {
  it.each(units)(
    'take twice as long for twice as many: %s',
    async (_, unit) => {
      const piecesOf = (size: number): Uint8Array[] =>
        cutEvery(Buffer.concat([formPart('a', filled(unit, size), 'f'), END]), 1)
      await demandLinear(piecesOf, 64 * KIB)
    },
    60_000,
  )

  it('take twice as long for twice as many: nearly a long boundary', async () => {
    const unit = `\r\n--${LONG.slice(0, -1)}`
    const bodyOf = (size: number): Buffer =>
      Buffer.from(`--${LONG}\r\n\r\n${filled(unit, size).toString('latin1')}\r\n--${LONG}--`)
    await demandLinear((size) => cutEvery(bodyOf(size), 1), 256 * KIB, LONG_FORM)
  }, 120_000)
})

describe('a preamble', () => {
  it.each(units.filter(([title]) => title !== 'delimiters behind LF'))(
    'of 1 MiB takes twice as long as its half: %s',
    async (_, unit) => {
      const bodyOf = (size: number): Buffer =>
        Buffer.concat([Buffer.from('.'), filled(unit, size), Buffer.from('\r\n'), formPart('a', 'x'), END])
      await demandLinear((size) => [bodyOf(size)], MIB)
    },
    60_000,
  )

  it('takes twice as long as its half byte by byte', async () => {
    const bodyOf = (size: number): Buffer => Buffer.concat([filled('\r\n--', size), Buffer.from('\r\n'), END])
    await demandLinear((size) => cutEvery(bodyOf(size), 1), 64 * KIB)
  }, 60_000)
})

describe('padding behind a boundary', () => {
  it.each([64 * KIB, 1])(
    'takes twice as long for twice as much, in pieces of %i',
    async (size) => {
      const bodyOf = (length: number): Buffer =>
        Buffer.concat([Buffer.from('--b'), filled(' \t', length), Buffer.from('\r\n\r\nx\r\n--b--')])
      await demandLinear((length) => cutEvery(bodyOf(length), size), 64 * KIB, 'multipart/mixed; boundary=b')
    },
    60_000,
  )
})

describe('a part head', () => {
  const SIZE = 60 * KIB
  const headed = (lines: string): Buffer =>
    Buffer.concat([Buffer.from(`--b\r\n${lines}\r\n\r\nx\r\n`, 'latin1'), END])
  const field = (line: string): string => `Content-Disposition: form-data; name="a"\r\n${line}`
  const disposition = (rest: string): string => `Content-Disposition: form-data; ${rest}`

  const heads: readonly (readonly [title: string, lines: (size: number) => string])[] = [
    ['one long field', (size) => field(`X-A: ${'v'.repeat(size)}`)],
    ['one long name of a field', (size) => field(`${'X'.repeat(size)}: v`)],
    ['many fields', (size) => field(`${'X-A: v\r\n'.repeat(size / 8)}X-B: v`)],
    [
      'many names of fields',
      (size) =>
        field(
          Array.from({ length: size / 8 }, (_, at) => `X-${at}: v`)
            .join('\r\n')
            .slice(0, size),
        ),
    ],
    ['a field of white space', (size) => field(`X-A:${' '.repeat(size)}v`)],
    ['a field with white space in its middle', (size) => field(`X-A: v${' '.repeat(size)}v`)],
    ['a field that ends in white space', (size) => field(`X-A: v${'\t'.repeat(size)}`)],
    ['a field of colons', (size) => field(`X-A:${':'.repeat(size)}`)],
    ['a field beyond ASCII', (size) => field(`X-A:${'\xff'.repeat(size)}`)],
    ['a name of backslashes', (size) => disposition(`name="${'\\'.repeat(size)}x"`)],
    ['a name of quoted pairs', (size) => disposition(`name="${'\\"'.repeat(size / 2)}x"`)],
    ['a name of escapes', (size) => disposition(`name="${'%22'.repeat(size / 3)}x"`)],
    ['a name of percent signs', (size) => disposition(`name="${'%'.repeat(size)}x"`)],
    ['a name of parameters', (size) => disposition(`name="${'; name='.repeat(size / 7)}x"`)],
    ['a name of bytes that are no UTF-8', (size) => disposition(`name="${'\xff'.repeat(size)}x"`)],
    ['many parameters', (size) => disposition(`name="a"${'; x=y'.repeat(size / 5)}`)],
    ['many quoted parameters', (size) => disposition(`name="a"${'; x="y\\""'.repeat(size / 9)}`)],
    ['many empty parameters', (size) => disposition(`name="a"${'; '.repeat(size / 2)}x=y`)],
    ['a filename* of escapes', (size) => disposition(`name=a; filename*=UTF-8''${'%41'.repeat(size / 3)}`)],
    ['a filename* of characters', (size) => disposition(`name=a; filename*=iso-8859-1''${'a'.repeat(size)}`)],
    [
      'a filename* that is cut short',
      (size) => disposition(`name=a; filename*=UTF-8''${'%41'.repeat(size / 3)}%`),
    ],
    ['a filename* of quotes', (size) => disposition(`name=a; filename*=UTF-8${"'".repeat(size)}`)],
    ['quotes that do not end', (size) => disposition(`name="${'\\"'.repeat(size / 2)}`)],
    ['parameters whose quotes do not end', (size) => disposition(`name=${'"a'.repeat(size / 2)}`)],
    ['a type of parameters', (size) => field(`Content-Type: a/b${'; a=b'.repeat(size / 5)}`)],
    [
      'a type of parameters whose quotes do not end',
      (size) => field(`Content-Type: a/b${';a="'.repeat(size / 4)}`),
    ],
    ['a type of quotes', (size) => field(`Content-Type: a/b; charset=${'"'.repeat(size)}`)],
    ['a type of backslashes in quotes', (size) => field(`Content-Type: a/b; charset="${'\\'.repeat(size)}`)],
    ['a type of white space', (size) => field(`Content-Type: a/b;${' '.repeat(size)}; charset=x`)],
    ['a type of semicolons and white space', (size) => field(`Content-Type: a/b${'; '.repeat(size / 2)}`)],
    ['a type of a long name of a parameter', (size) => field(`Content-Type: a/b; ${'a'.repeat(size)}`)],
  ]

  // All that can be asked of a part; a head that is refused must be so in linear time, too.
  const readAll = async (pieces: readonly Uint8Array[]): Promise<void> => {
    try {
      for await (const part of decodeMultipart(streamOf(pieces), FORM, unbounded)) {
        Object.keys(part.headers)
        await part.text()
      }
    } catch (error) {
      expect(error).toMatchObject({ code: 'BAD_PART_HEAD' })
    }
  }

  const demandLinearHead = async (lines: (size: number) => string, size: number): Promise<void> => {
    const reading = (length: number) => {
      const pieces = cutEvery(headed(lines(length)), size)
      return () => readAll(pieces)
    }
    expect(await growthOf(reading, SIZE)).toBeLessThan(3)
  }

  it.each(heads)(
    'of %s takes twice as long for twice the bytes',
    async (_, lines) => {
      await demandLinearHead(lines, SIZE)
    },
    60_000,
  )

  it.each(heads.filter(([title]) => /^(one|many|a field of colons)/.test(title)))(
    'of %s takes twice as long for twice the bytes, byte by byte',
    async (_, lines) => {
      await demandLinearHead(lines, 1)
    },
    60_000,
  )
})

describe('many parts', () => {
  it.each([
    ['empty ones', '--b\r\n\r\n'],
    ['small ones', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'],
  ])(
    'take twice as long for twice as many: %s',
    async (_, part) => {
      const bodyOf = (size: number): Buffer => Buffer.concat([filled(part, size), END])
      await demandLinear((size) => [bodyOf(size)], MIB / 2, 'multipart/mixed; boundary=b')
      await demandLinear((size) => cutEvery(bodyOf(size), 3), 96 * KIB, 'multipart/mixed; boundary=b')
    },
    120_000,
  )
})

describe('the text of a part', () => {
  it('takes twice as long for twice the bytes, also byte by byte', async () => {
    const piecesOf = (size: number): Uint8Array[] =>
      cutEvery(Buffer.concat([formPart('a', Buffer.alloc(size, '€'), 'f'), END]), 1)
    const read = async (pieces: Uint8Array[]): Promise<void> => {
      for await (const part of decodeMultipart(streamOf(pieces), FORM)) await part.text()
    }
    const reading = (size: number) => {
      const pieces = piecesOf(size)
      return () => read(pieces)
    }
    expect(await growthOf(reading, 48 * KIB)).toBeLessThan(3)
  }, 60_000)
})

describe('encodeMultipart', () => {
  it.each(['"', '\r\n', '%', '€', 'x', '\\'])(
    'takes twice as long for twice as long a name: %j',
    async (unit) => {
      const encode = (size: number) => async (): Promise<void> => {
        const name = unit.repeat(size)
        await drain(encodeMultipart([{ name, filename: name, content: name }]).body)
      }
      expect(await growthOf(encode, MIB / 16)).toBeLessThan(3)
    },
    60_000,
  )

  it('takes twice as long for twice as many parts', async () => {
    const encode = (count: number) => async (): Promise<void> => {
      const parts = Array.from({ length: count }, (_, at) => ({ name: `n${at}`, content: 'x' }))
      await drain(encodeMultipart(parts).body)
    }
    expect(await growthOf(encode, 8_000)).toBeLessThan(3)
  }, 60_000)

  it('takes twice as long for a stream of twice as many pieces', async () => {
    const encode = (count: number) => async (): Promise<void> => {
      const content = streamOf(Array<Uint8Array>(count).fill(Buffer.from('x')))
      await drain(encodeMultipart([{ name: 'a', content }]).body)
    }
    expect(await growthOf(encode, 60_000)).toBeLessThan(3)
  }, 60_000)
})

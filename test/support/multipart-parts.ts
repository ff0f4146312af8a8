// Random parts of multipart bodies for fast-check: names, data and contents of every kind, and what is read back of them.
import fc from 'fast-check'
import { decodeMultipart, type Part } from '../../src/core.js'
import { streamOf } from './multipart-log.js'
import { readableOf } from './multipart-source.js'

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
export async function check<T extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

export interface Read {
  name: string | undefined
  filename: string | undefined
  contentType: string
  data: Buffer
}

export async function readParts(pieces: Iterable<Uint8Array>, contentType: string): Promise<Read[]> {
  const parts: Read[] = []
  for await (const part of decodeMultipart(streamOf(pieces), contentType)) {
    const { name, filename } = part
    parts.push({ name, filename, contentType: part.contentType, data: Buffer.from(await part.bytes()) })
  }
  return parts
}

// Neither browsers nor we escape a percent sign or a backslash, so %22 and a pair of backslashes come back as what they
// stand for; so does a backslash before the quote that ends a name.
const character = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  fc.constantFrom(
    '"',
    "'",
    ';',
    '=',
    ' ',
    '\t',
    '\r',
    '\n',
    '\r\n',
    '%',
    '%20',
    ',',
    '/',
    'é',
    '€',
    '😀',
    '\ufeff',
    '\\x',
  ),
)
export const name = fc
  .array(character, { maxLength: 12 })
  .map((characters) =>
    characters.join('').replace(/\p{Cc}/gu, (control) => ('\t\r\n'.includes(control) ? control : '')),
  )
  .map((text) =>
    text
      .replace(/%(?=22|0[da])/gi, '')
      .replace(/\\(?!x)/g, '')
      .toWellFormed(),
  )

export const data = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc
    .array(fc.constantFrom('\r', '\n', '\r\n', '-', '--', '\r\n--', '\r\n----httpkit', 'x', '\0', 'é'), {
      maxLength: 30,
    })
    .map((pieces) => Uint8Array.from(Buffer.from(pieces.join('')))),
)
const type = fc.constantFrom(
  'text/plain',
  'image/png',
  'application/octet-stream',
  'text/html; charset=utf-8',
  'a/b; c="d;e"',
)

export interface Made {
  name: string
  filename: string | undefined
  contentType: string | undefined
  data: Uint8Array
  kind: number
}

export const made: fc.Arbitrary<Made> = fc.record({
  name,
  filename: fc.option(name, { nil: undefined }),
  contentType: fc.option(type, { nil: undefined }),
  data,
  kind: fc.nat(4),
})

/** One of the kinds that content may be. */
function contentOf(bytes: Uint8Array, kind: number): Part['content'] {
  const middle = bytes.length >> 1
  if (kind === 1) return streamOf([bytes.subarray(0, middle), bytes.subarray(middle)])
  if (kind === 2) return [bytes.subarray(0, middle), bytes.subarray(middle)]
  if (kind === 3) return readableOf([bytes])
  return kind === 4 ? Uint8Array.from(bytes).buffer : bytes
}

export function partOf({ name, filename, contentType, data, kind }: Made): Part {
  return {
    name,
    content: contentOf(data, kind),
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
  }
}

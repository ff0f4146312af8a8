// What encodeMultipart writes comes back from decodeMultipart, and from the form readers of Node and of undici; and what
// those write is read by ours.
import fc from 'fast-check'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { decodeMultipart, encodeMultipart, type Part } from '../../src/core.js'
import { bytesOf } from '../support/multipart-encoded.js'
import { streamOf } from '../support/multipart-log.js'
import { readableOf } from '../support/multipart-source.js'
import { cutAnywhere, cuts } from '../support/random-frames.js'

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
async function check<T extends [unknown, ...unknown[]]>(
  property: fc.IAsyncProperty<T>,
  numRuns: number,
): Promise<void> {
  await fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

interface Read {
  name: string | undefined
  filename: string | undefined
  contentType: string
  data: Buffer
}

async function readParts(pieces: Iterable<Uint8Array>, contentType: string): Promise<Read[]> {
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
const name = fc
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

const data = fc.oneof(
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

interface Made {
  name: string
  filename: string | undefined
  contentType: string | undefined
  data: Uint8Array
  kind: number
}

const made: fc.Arbitrary<Made> = fc.record({
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

function partOf({ name, filename, contentType, data, kind }: Made): Part {
  return {
    name,
    content: contentOf(data, kind),
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
  }
}

describe('what encodeMultipart writes', () => {
  it('comes back from decodeMultipart, however it is cut', async () => {
    const property = fc.asyncProperty(fc.array(made, { maxLength: 5 }), cuts, async (list, positions) => {
      const { body, contentType, contentLength } = encodeMultipart(list.map(partOf))
      const bytes = await bytesOf(body)
      if (contentLength !== undefined) expect(bytes.length).toBe(contentLength)
      const parts = await readParts(cutAnywhere(bytes, positions), contentType)
      expect(parts.map(({ name, filename, data }) => [name, filename, data])).toEqual(
        list.map(({ name, filename, data }) => [name, filename, Buffer.from(data)]),
      )
      for (const [at, { contentType }] of list.entries()) {
        if (contentType !== undefined) expect(parts[at]!.contentType).toBe(contentType)
      }
    })
    await check(property, 1000)
  })

  it('comes back with any boundary that its data do not hold', async () => {
    const boundary = fc
      .string({ unit: fc.constantFrom(...Array.from("09azAZ'()+_,-./:=? ")), minLength: 1, maxLength: 70 })
      .filter((text) => !text.endsWith(' '))
    const property = fc.asyncProperty(boundary, data, async (text, bytes) => {
      fc.pre(!`\r\n${Buffer.from(bytes).toString('latin1')}`.includes(`\r\n--${text}`))
      const { body, contentType } = encodeMultipart([{ name: 'a', content: bytes }], { boundary: text })
      const parts = await readParts([await bytesOf(body)], contentType)
      expect(parts.map(({ data }) => data)).toEqual([Buffer.from(bytes)])
    })
    await check(property, 500)
  })
})

// Theirs drop a byte order mark at the begin of a name.
const unmarked = name.map((text) => text.replace(/^\ufeff+/, ''))

interface AnyForm {
  entries(): IterableIterator<[string, string | File]>
}

async function entriesOf(form: AnyForm): Promise<[string, string | undefined, string][]> {
  const entries: [string, string | undefined, string][] = []
  for (const [name, value] of form.entries()) {
    const isText = typeof value === 'string'
    const bytes = isText ? Buffer.from(value) : Buffer.from(await value.arrayBuffer())
    entries.push([name, isText ? undefined : value.name, bytes.toString('latin1')])
  }
  return entries
}

const readers: [string, (body: Uint8Array, contentType: string) => Promise<AnyForm>][] = [
  [
    'Node',
    (body, type) =>
      new Response(Uint8Array.from(body), {
        headers: { 'Content-Type': type },
      }).formData() as unknown as Promise<AnyForm>,
  ],
  [
    'undici',
    (body, type) =>
      new undici.Response(Uint8Array.from(body), {
        headers: { 'Content-Type': type },
      }).formData() as unknown as Promise<AnyForm>,
  ],
]

describe.each(readers)('the form reader of %s', (_, read) => {
  it('finds in what encodeMultipart writes what was put in', async () => {
    const text = data.map((bytes) =>
      Buffer.from(bytes)
        .toString('utf8')
        .replace(/^\ufeff+/, ''),
    )
    const field = fc.record({ name: unmarked, text })
    const file = fc.record({ name: unmarked, filename: unmarked, data })
    const property = fc.asyncProperty(fc.array(fc.oneof(field, file), { maxLength: 5 }), async (list) => {
      const parts = list.map(
        (one): Part =>
          'text' in one
            ? { name: one.name, content: one.text }
            : { name: one.name, content: one.data, filename: one.filename, contentType: 'image/png' },
      )
      const { body, contentType } = encodeMultipart(parts)
      const entries = await entriesOf(await read(await bytesOf(body), contentType))
      expect(entries).toEqual(
        list.map((one) =>
          'text' in one
            ? [one.name, undefined, Buffer.from(one.text).toString('latin1')]
            : [one.name, one.filename, Buffer.from(one.data).toString('latin1')],
        ),
      )
    })
    await check(property, 500)
  })
})

const writers: [
  string,
  (fill: (form: FormData) => void) => { contentType: string; body: Promise<ArrayBuffer> },
][] = [
  ['Node', (fill) => bodyOf(Response, FormData, fill)],
  [
    'undici',
    (fill) =>
      bodyOf(
        undici.Response as unknown as typeof Response,
        undici.FormData as unknown as typeof FormData,
        fill,
      ),
  ],
]

function bodyOf(
  AnyResponse: typeof Response,
  AnyForm: typeof FormData,
  fill: (form: FormData) => void,
): { contentType: string; body: Promise<ArrayBuffer> } {
  const form = new AnyForm()
  fill(form)
  const response = new AnyResponse(form)
  return { contentType: response.headers.get('content-type')!, body: response.arrayBuffer() }
}

describe.each(writers)('the FormData of %s', (_, write) => {
  it('comes out of decodeMultipart as it was filled', async () => {
    const filename = name.filter((text) => text !== '') // theirs write none for an empty one
    const entry = fc.record({ name, filename: fc.option(filename, { nil: undefined }), data })
    const property = fc.asyncProperty(fc.array(entry, { maxLength: 5 }), cuts, async (list, positions) => {
      const { contentType, body } = write((form) => {
        for (const { name, filename, data } of list) {
          if (filename === undefined) form.append(name, Buffer.from(data).toString('latin1'))
          else form.append(name, new Blob([data], { type: 'image/png' }), filename)
        }
      })
      const parts = await readParts(cutAnywhere(Buffer.from(await body), positions), contentType)
      expect(parts).toEqual(
        list.map(({ name, filename, data }) => ({
          name: normalized(name),
          filename,
          contentType: filename === undefined ? 'text/plain' : 'image/png',
          data:
            filename === undefined
              ? Buffer.from(normalized(Buffer.from(data).toString('latin1')))
              : Buffer.from(data),
        })),
      )
    })
    await check(property, 500)
  })

  it('comes out with a part for every entry, also of none', async () => {
    const { contentType, body } = write(() => {})
    expect(await readParts([new Uint8Array(await body)], contentType)).toEqual([])
  })
})

// The HTML standard writes every line end of a name and of a text as CRLF.
function normalized(text: string): string {
  return text.replace(/\r\n|\r|\n/g, '\r\n')
}

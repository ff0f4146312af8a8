// What encodeMultipart writes comes back from the form readers of Node and of undici, and what those write is read by ours.
import fc from 'fast-check'
import * as undici from 'undici'
import { describe, expect, it } from 'vitest'
import { encodeMultipart, type Part } from '../../src/core.js'
import { bytesOf } from '../support/multipart-encoded.js'
import { check, data, name, readParts } from '../support/multipart-parts.js'
import { cutAnywhere, cuts } from '../support/random-frames.js'

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

// Those of Bun and Deno leave the escapes in names as they are, and pass over what has an empty one.
const readsNames = !('bun' in process.versions || 'deno' in process.versions)

describe.each(readers)('the form reader of %s', (title, read) => {
  it.skipIf(title === 'Node' && !readsNames)(
    'finds in what encodeMultipart writes what was put in',
    async () => {
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
    },
  )
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

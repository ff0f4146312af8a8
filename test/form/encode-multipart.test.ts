// encodeMultipart: the bytes of delimiters and heads, names as browsers write them, boundaries, lengths.
import { describe, expect, it } from 'vitest'
import { encodeMultipart, type Part } from '../../src/core.js'
import { bytesOf, readBack, written, writtenPart } from '../support/multipart-encoded.js'

async function* stream(...pieces: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* pieces
}

describe('the body', () => {
  it('is parts between delimiters, and a last one with its line end (RFC 2046 §5.1.1)', async () => {
    expect(
      await written([
        { name: 'a', content: 'one' },
        { name: 'b', content: 'two', filename: 'c.txt' },
      ]),
    ).toBe(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\none\r\n' +
        '--b\r\nContent-Disposition: form-data; name="b"; filename="c.txt"\r\nContent-Type: text/plain\r\n\r\ntwo\r\n' +
        '--b--\r\n',
    )
  })

  it('is the last delimiter where there are no parts', async () => {
    expect(await written([])).toBe('--b--\r\n')
    expect(encodeMultipart([], { boundary: 'b' }).contentLength).toBe(7)
  })

  it('has an empty line and a line end around an empty part', async () => {
    expect(await written([{ name: 'a', content: '' }])).toBe(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--b--\r\n',
    )
  })

  it('keeps the order of the parts, and their repeats', async () => {
    const parts = ['b', 'a', 'b', '__proto__'].map((name, at) => ({ name, content: at }))
    expect((await readBack(encodeMultipart(parts))).map(([name, data]) => `${name}${data}`)).toEqual([
      'b0',
      'a1',
      'b2',
      '__proto__3',
    ])
  })

  it('comes as bytes', async () => {
    for await (const piece of encodeMultipart([{ name: 'a', content: stream('x', 'y') }]).body) {
      expect(piece).toBeInstanceOf(Uint8Array)
    }
  })
})

describe('the head of a part', () => {
  it.each<[string, Part, string]>([
    ['a text', { name: 'a', content: 'x' }, 'form-data; name="a"\r\n\r\nx'],
    [
      'a text with a type',
      { name: 'a', content: 'x', contentType: 'text/html' },
      'form-data; name="a"\r\nContent-Type: text/html\r\n\r\nx',
    ],
    [
      'a text with a filename',
      { name: 'a', content: 'x', filename: 'f.html' },
      'form-data; name="a"; filename="f.html"\r\nContent-Type: text/html\r\n\r\nx',
    ],
    [
      'a text with a filename of no known extension',
      { name: 'a', content: 'x', filename: 'f.x-y' },
      'form-data; name="a"; filename="f.x-y"\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
    [
      'a text with an empty filename',
      { name: 'a', content: 'x', filename: '' },
      'form-data; name="a"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
    [
      'a text with a filename and a type',
      { name: 'a', content: 'x', filename: 'f.html', contentType: 'a/b; c=d' },
      'form-data; name="a"; filename="f.html"\r\nContent-Type: a/b; c=d\r\n\r\nx',
    ],
    [
      'bytes',
      { name: 'a', content: Buffer.from('x') },
      'form-data; name="a"\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
    [
      'bytes with a filename',
      { name: 'a', content: Buffer.from('x'), filename: 'F.PNG' },
      'form-data; name="a"; filename="F.PNG"\r\nContent-Type: image/png\r\n\r\nx',
    ],
    [
      'a Blob',
      { name: 'a', content: new Blob(['x']) },
      'form-data; name="a"; filename="blob"\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
    [
      'a Blob with a type',
      { name: 'a', content: new Blob(['x'], { type: 'image/gif' }) },
      'form-data; name="a"; filename="blob"\r\nContent-Type: image/gif\r\n\r\nx',
    ],
    [
      'a Blob with a filename',
      { name: 'a', content: new Blob(['x']), filename: 'f.css' },
      'form-data; name="a"; filename="f.css"\r\nContent-Type: text/css\r\n\r\nx',
    ],
    [
      'a Blob with a filename and a type',
      { name: 'a', content: new Blob(['x'], { type: 'image/gif' }), filename: 'f.css' },
      'form-data; name="a"; filename="f.css"\r\nContent-Type: image/gif\r\n\r\nx',
    ],
    [
      'a File',
      { name: 'a', content: new File(['x'], 'n.txt', { type: 'image/gif' }) },
      'form-data; name="a"; filename="n.txt"\r\nContent-Type: image/gif\r\n\r\nx',
    ],
    [
      'a File without a type',
      { name: 'a', content: new File(['x'], 'n.txt') },
      'form-data; name="a"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\nx',
    ],
    [
      'a File with another filename and type',
      {
        name: 'a',
        content: new File(['x'], 'n.txt', { type: 'a/b' }),
        filename: 'm.png',
        contentType: 'c/d',
      },
      'form-data; name="a"; filename="m.png"\r\nContent-Type: c/d\r\n\r\nx',
    ],
    [
      'a stream',
      { name: 'a', content: stream('x') },
      'form-data; name="a"\r\nContent-Type: application/octet-stream\r\n\r\nx',
    ],
    [
      'a stream with a filename',
      { name: 'a', content: stream('x'), filename: 'f.json' },
      'form-data; name="a"; filename="f.json"\r\nContent-Type: application/json\r\n\r\nx',
    ],
  ])('of %s is as it must be, byte for byte', async (_, part, text) => {
    expect(await writtenPart(part)).toBe(`Content-Disposition: ${text}`)
  })

  it('of a text with an empty type has it from the filename, as if none were stated', async () => {
    const blob = new Blob(['x'], { type: '' })
    expect(await writtenPart({ name: 'a', content: blob, filename: 'f.png' })).toContain(
      'Content-Type: image/png\r\n',
    )
  })
})

describe('names and filenames', () => {
  const headOf = async (name: string): Promise<string> => {
    const head = (await writtenPart({ name, content: '', filename: name })).split('\r\n')[0]!
    const [, first, second] =
      /^Content-Disposition: form-data; name="(.*)"; filename="(.*)"$/.exec(head) ?? []
    expect(first).toBe(second)
    return first!
  }

  it.each([
    ['quotes', 'a"b"', 'a%22b%22'],
    ['line ends', 'a\r\nb\rc\nd', 'a%0D%0Ab%0Dc%0Ad'],
    ['backslashes', 'C:\\a\\"b', 'C:\\a\\%22b'],
    ['percent signs', '100%, %22', '100%, %22'],
    ['semicolons and equals signs', 'a; filename=b', 'a; filename=b'],
    ['tabs', 'a\tb', 'a\tb'],
    ['characters beyond ASCII', 'é€😀\x80', 'é€😀\x80'],
    ['half a surrogate pair', 'a\ud83db\ude00', 'a\ufffdb\ufffd'],
    ['blanks', ' a  b ', ' a  b '],
    ['nothing', '', ''],
  ])('with %s are written as browsers write them (HTML, multipart form data)', async (_, name, wanted) => {
    expect(await headOf(name)).toBe(wanted)
  })

  it('with any other control character are a TypeError', () => {
    const controls = [...Array(32).keys(), 127].filter((code) => ![9, 10, 13].includes(code))
    for (const code of controls) {
      const name = `a${String.fromCharCode(code)}b`
      expect(() => encodeMultipart([{ name, content: '' }]), `name ${code}`).toThrow(TypeError)
      expect(() => encodeMultipart([{ name: 'a', content: '', filename: name }]), `filename ${code}`).toThrow(
        TypeError,
      )
    }
  })

  it('of a File are held to the same', () => {
    expect(() => encodeMultipart([{ name: 'a', content: new File([''], 'a\0b') }])).toThrow(TypeError)
  })
})

describe('a type', () => {
  it('with a control character is a TypeError', () => {
    for (const contentType of ['a/b\r\nX-A: 1', 'a/b\n', 'a/b\0', 'a/b\x7f']) {
      expect(() => encodeMultipart([{ name: 'a', content: '', contentType }]), contentType).toThrow(TypeError)
    }
  })
})

describe('what is no part', () => {
  it.each<[string, unknown]>([
    ['without a name', { content: 'x' }],
    ['with a name that is no text', { name: 1, content: 'x' }],
    ['without content', { name: 'a' }],
    ['with null for content', { name: 'a', content: null }],
    ['with a map for content', { name: 'a', content: { a: 1 } }],
    ['with a function for content', { name: 'a', content: () => 'x' }],
    ['with a symbol for content', { name: 'a', content: Symbol('x') }],
    ['with a filename that is no text', { name: 'a', content: 'x', filename: 1 }],
    ['that is null', null],
    ['that is a text', 'a=x'],
  ])('is a TypeError at once: %s', (_, part) => {
    expect(() => encodeMultipart([part as Part])).toThrow(TypeError)
  })

  it('is a TypeError in place of the parts', () => {
    for (const parts of [undefined, null, 1, {}] as unknown[]) {
      expect(() => encodeMultipart(parts as Part[]), String(parts)).toThrow(TypeError)
    }
  })
})

describe('the boundary', () => {
  const boundaryOf = (contentType: string): string =>
    /^multipart\/form-data; boundary=([-\w]{10,70})$/.exec(contentType)![1]!

  it('is random where none is given', () => {
    const boundaries = Array.from({ length: 1000 }, () => boundaryOf(encodeMultipart([]).contentType))
    expect(new Set(boundaries).size).toBe(1000)
  })

  it('has 128 random bits at least', () => {
    const all = Array.from({ length: 200 }, () => boundaryOf(encodeMultipart([]).contentType))
    const seen = Array.from(all[0]!, (_, at) => new Set(all.map((boundary) => boundary[at])).size)
    expect(seen.filter((size) => size > 8).length).toBeGreaterThanOrEqual(32)
  })

  it('is the one given', async () => {
    const { contentType, body } = encodeMultipart([], { boundary: 'a-b' })
    expect([contentType, String(await bytesOf(body))]).toEqual([
      'multipart/form-data; boundary=a-b',
      '--a-b--\r\n',
    ])
  })

  it.each(['a b', "0'()+_,-./:=? z", 'a=b', 'a:b', 'a/b', 'a?', '(a)', 'a,b', "'", '='])(
    'is quoted in the type where it must be: %s',
    async (boundary) => {
      const encoded = encodeMultipart([{ name: 'a', content: 'x' }], { boundary })
      expect(encoded.contentType.replaceAll('"', '')).toBe(`multipart/form-data; boundary=${boundary}`)
      expect(/boundary=("[^"]+"|[!#$%&'*+.^_`|~\w-]+)$/.test(encoded.contentType)).toBe(true)
      expect(await readBack(encoded)).toEqual([['a', Buffer.from('x')]])
    },
  )

  it('is 1 to 70 characters that RFC 2046 §5.1.1 allows, or a TypeError', () => {
    for (const boundary of ['a', 'x'.repeat(70)]) {
      expect(encodeMultipart([], { boundary }).contentType).toContain(boundary)
    }
    for (const boundary of [
      '',
      'x'.repeat(71),
      'a ',
      'a"b',
      'a;b',
      'a\\b',
      'a\r\nb',
      'aé',
      'a\tb',
      '*',
      'a&b',
    ]) {
      expect(() => encodeMultipart([], { boundary }), boundary).toThrow(TypeError)
    }
  })
})

describe('multipart/mixed', () => {
  it('has no dispositions (RFC 2046 §5.1.3)', async () => {
    const parts: Part[] = [
      { name: 'a', content: 'x' },
      { content: 'y', contentType: 'text/html' },
      { name: 'c', content: Buffer.from('z'), filename: 'f.png' },
      { content: new File(['w'], 'n.css') },
    ]
    expect(await written(parts, { mixed: true })).toBe(
      '--b\r\n\r\nx\r\n--b\r\nContent-Type: text/html\r\n\r\ny\r\n--b\r\nContent-Type: image/png\r\n\r\nz\r\n' +
        '--b\r\nContent-Type: text/css\r\n\r\nw\r\n--b--\r\n',
    )
    expect(encodeMultipart(parts, { mixed: true }).contentType).toMatch(/^multipart\/mixed; boundary=[-\w]+$/)
  })

  it('comes back', async () => {
    expect(await readBack(encodeMultipart([{ content: 'x' }, { content: '' }], { mixed: true }))).toEqual([
      [undefined, Buffer.from('x')],
      [undefined, Buffer.alloc(0)],
    ])
  })
})

describe('contentLength', () => {
  it('is the bytes of the body where every length is known', async () => {
    const parts: Part[] = [
      { name: 'é"\r\n', content: 'é€😀\ud83d', filename: 'ü' },
      { name: 'a', content: Buffer.alloc(1000) },
      { name: 'a', content: new Uint8Array(10).subarray(3, 7) },
      { name: 'a', content: new ArrayBuffer(20) },
      { name: 'a', content: new Blob(['é', 'x']) },
      { name: 'a', content: new File(['é'], 'é.txt') },
      { name: 'a', content: -1.5 },
      { name: 'a', content: 12345678901234567890n },
      { name: 'a', content: false },
      { name: 'a', content: '' },
    ]
    for (let count = 0; count <= parts.length; count++) {
      const { contentLength, body } = encodeMultipart(parts.slice(0, count))
      expect((await bytesOf(body)).length).toBe(contentLength)
    }
  })

  it.each<[string, () => Part['content']]>([
    ['an async iterable', () => stream('x')],
    ['a ReadableStream', () => new Blob(['x']).stream()],
    ['an iterable', () => ['x', 'y']],
  ])('is absent where a part is %s', (_, content) => {
    const encoded = encodeMultipart([
      { name: 'a', content: 'x' },
      { name: 'b', content: content() },
      { name: 'c', content: 'x' },
    ])
    expect('contentLength' in encoded).toBe(false)
  })
})

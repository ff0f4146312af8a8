// Every case of the corpus of multipart bodies through decodeMultipart: whole, in small pieces, and cut in two at every
// position. The plain reader of the tests is held to it as well. And the corpus itself: its size, and its format.
import { describe, expect, it } from 'vitest'
import { type MultipartCase, readMultipartCorpus } from '../support/multipart-corpus.js'
import { logOf } from '../support/multipart-log.js'
import { linesOf, readReference } from '../support/multipart-reference.js'
import { cutAt, cutEvery } from '../support/replay.js'

/** Bytes up to which a body is cut at every position. */
const SHORT = 1000

const cases = readMultipartCorpus()

function replay(pieces: readonly Uint8Array[], one: MultipartCase): Promise<string[]> {
  return logOf(pieces, one.contentType, one.limits).then((lines) => withFieldsOf(one, lines))
}

// The lines without the fields of those parts whose fields the case does not tell.
function withFieldsOf({ events }: MultipartCase, lines: readonly string[]): string[] {
  const told = tellsFields(events)
  let part = -1
  return lines.filter((line) => {
    if (line.startsWith('part')) part++
    return !line.startsWith('  ') || (told[part] ?? true)
  })
}

function tellsFields(events: readonly string[]): boolean[] {
  return events.flatMap((line, at) =>
    line.startsWith('part') ? [events[at + 1]?.startsWith('  ') ?? false] : [],
  )
}

// Of a long body: its first and last bytes, and some 100 others.
function cuts(body: Uint8Array): number[] {
  const all = Array.from({ length: body.length + 1 }, (_, at) => at)
  const stride = Math.ceil(body.length / 100)
  return all.filter((at) => body.length < SHORT || at < 20 || at > body.length - 20 || at % stride === 0)
}

describe.each([...new Set(cases.map(({ file }) => file))])('%s', (name) => {
  for (const one of cases.filter(({ file }) => file === name)) {
    const { title, body, contentType, limits, events } = one

    it(`${title}, whole`, async () => {
      expect(await replay([body], one)).toEqual(events)
    })

    it(`${title}, in pieces of 1, 3 and 7 bytes`, async () => {
      for (const size of [1, 3, 7]) {
        expect(await replay(cutEvery(body, size), one), `pieces of ${size}`).toEqual(events)
      }
    })

    it(`${title}, cut in two at every position`, async () => {
      for (const at of cuts(body)) {
        expect(await replay(cutAt(body, [at]), one), `cut at ${at}`).toEqual(events)
      }
    })

    if (!events.includes('error BAD_BOUNDARY 400')) {
      it(`${title}, by the plain reader`, () => {
        expect(withFieldsOf(one, linesOf(readReference(body, contentType, limits)))).toEqual(events)
      })
    }
  }
})

describe('the corpus of multipart bodies', () => {
  it('has at least 250 cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(250)
  })

  it('gives every case a title of its own that ends with its section', () => {
    const section = / \((RFC \d+ §[\d.]+|HTML, multipart form data)\)$/
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
    expect(cases.map(({ title }) => title).filter((title) => !section.test(title))).toEqual([])
  })

  it('gives every case an input of its own', () => {
    const inputs = cases.map(({ contentType, limits, body }) =>
      JSON.stringify([contentType, limits, Buffer.from(body).toString('hex')]),
    )
    expect(inputs.filter((input, at) => inputs.indexOf(input) < at)).toEqual([])
  })

  it('has a case for every error', () => {
    const seen = new Set(cases.map(({ events }) => events.at(-1)))
    const codes = [
      ...['BAD_BOUNDARY', 'BAD_DELIMITER', 'BAD_PART_HEAD', 'MISSING_FINAL_BOUNDARY'].map(
        (code) => `${code} 400`,
      ),
      ...['PART_HEAD_TOO_LARGE', 'TOO_MANY_PARTS', 'TOO_MANY_FORM_FIELDS', 'TOO_MANY_FILES'].map(
        (code) => `${code} 413`,
      ),
      ...['FIELD_TOO_LARGE', 'FILE_TOO_LARGE', 'MULTIPART_TOO_LARGE'].map((code) => `${code} 413`),
    ]
    expect(codes.filter((code) => !seen.has(`error ${code}`))).toEqual([])
  })

  it('has a case just under and one just over every limit', () => {
    const names = ['Parts', 'Fields', 'Files', 'FieldSize', 'FileSize', 'HeadSize', 'Total'].map(
      (name) => `max${name}`,
    )
    const ends = cases.flatMap(({ limits, events }) =>
      Object.keys(limits).map((name) => `${name} ${events.at(-1) === 'end' ? 'under' : 'over'}`),
    )
    expect(
      names.flatMap((name) => [`${name} under`, `${name} over`]).filter((one) => !ends.includes(one)),
    ).toEqual([])
  })
})

const good = `# A subject

## a title

\`\`\`multipart maxParts=2
multipart/mixed; boundary="\\"b"
--"b\\r\\n
{ab*2}\\x20\\xff\\t\\0\\\\é
\`\`\`
\`\`\`events
part name="a\\u0062" filename="é" type="a/b"
  a: b
  c:
data "{x*2}\\x41é"
part
cut ""
error BAD_DELIMITER 400
\`\`\`
`

describe('the format of the corpus of multipart bodies', () => {
  const read = (text: string): MultipartCase => readMultipartCorpus([['good.md', text]])[0]!

  it('reads types, bytes, repeats and limits; parts, fields, data and errors', () => {
    expect(read(good)).toEqual({
      file: 'good.md',
      title: 'a title',
      contentType: 'multipart/mixed; boundary=""b"',
      body: Uint8Array.from(Buffer.from('--"b\r\nabab \xff\t\0\\\xc3\xa9', 'latin1')),
      limits: { maxParts: 2 },
      events: [
        'part name="ab" filename="é" type="a/b"',
        '  a: b',
        '  c: ',
        'data "xxA\\xc3\\xa9"',
        'part',
        'cut ""',
        'error BAD_DELIMITER 400',
      ],
    })
  })

  it.each([
    ['another first block', '```multipart', '```http', 'the first block must be multipart'],
    ['an unknown limit', 'maxParts', 'maxWords', "an unknown limit 'maxWords=2'"],
    ['a limit that is no number', '=2', '=two', "an unknown limit 'maxParts=two'"],
    ['a block of nothing', /maxParts=2[\s\S]*?```/, '\n```', 'there must be a content type'],
    ['a missing block', /```events[\s\S]*/, '', 'the second block must be events'],
    ['a third block', /$/, '```events\nend\n```\n', 'a third block'],
    ['another second block', '```events', '```event', 'the second block must be events'],
    ['an unknown escape', '\\xff', '\\q', "an unknown escape '\\q'"],
    ['half an escape', '\\xff', '\\xf', "an unknown escape '\\x'"],
    ['a brace that repeats nothing', '{ab*2}', '{ab}', 'a brace that repeats nothing'],
    ['a tab', '{ab*2}', '\t', 'a byte that must be written as \\xHH'],
    ['a space at the end of a line', '{ab*2}', 'ab \n', 'a space that must be written as \\x20'],
    ['an unknown event', 'part\n', 'parts\n', "an unknown event 'parts'"],
    ['a filename before the name', /name="a.*" filename="é"/, 'filename="é" name="a"', 'an unknown event'],
    ['data behind data', 'part\n', 'data "x"\n', '\'data "x"\' cannot follow data'],
    ['parts after one that failed', 'error BAD_DELIMITER 400', 'end', "'end' cannot follow cut"],
    ['no end', /cut ""\nerror.*\n/, '', 'the events stop at part'],
  ])('refuses %s', (_, part, other, fault) => {
    expect(() => read(good.replace(part, () => other))).toThrow(fault)
  })

  it('names the file, the line and the title of a malformed case', () => {
    expect(() => read(good.replace('400', '4'))).toThrow(/^good\.md:3: .*, in 'a title'$/)
  })
})

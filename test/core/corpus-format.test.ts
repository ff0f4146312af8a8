// The corpus itself: that it parses, that it is as large as it should be, and that it speaks of errors we have.

import { describe, expect, it } from 'vitest'
import { protocolError, resultCodes } from '../../src/core/protocol-error.js'
import { type CorpusCase, readCorpus } from '../support/corpus.js'

const cases = readCorpus()
// Multipart bodies have a corpus of their own.
const ofForms = ['BAD_DELIMITER', 'BAD_PART_HEAD', 'PART_HEAD_TOO_LARGE']
const httpCodes = resultCodes.filter(
  (code) => protocolError(code).status !== undefined && !ofForms.includes(code),
)

function errorOf({ events }: CorpusCase): { code: string; status: number } | undefined {
  const [, code, status] = /^error (\S+) (\d+)$/.exec(events.at(-1)!) ?? []
  return code === undefined ? undefined : { code, status: Number(status) }
}

describe('the corpus', () => {
  it('has at least 280 cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(280)
  })

  it('gives every case a title of its own that ends with its section', () => {
    expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length)
    expect(cases.filter(({ title }) => !/ \(RFC \d+ §[\d.]+\)$/.test(title))).toEqual([])
  })

  it('gives every case an input of its own', () => {
    const titleOf = new Map<string, string>()
    for (const { title, bytes, limits } of cases) {
      const input = JSON.stringify(limits) + Buffer.from(bytes).toString('latin1')
      expect(titleOf.get(input), title).toBeUndefined()
      titleOf.set(input, title)
    }
  })

  it('names only errors of the server, each with its status', () => {
    const codes = [...httpCodes, 'BODY_TOO_LARGE', 'EXPECTATION_FAILED']
    for (const { title, status, code } of cases.flatMap((one) => ({ title: one.title, ...errorOf(one) }))) {
      if (code === undefined) continue
      expect(codes, title).toContain(code)
      expect(status, title).toBe(protocolError(code).status)
    }
  })

  it('has a case for every error a request can raise', () => {
    const used = new Set(cases.map((one) => errorOf(one)?.code))
    const raised = [
      ...httpCodes.filter((code) => code !== 'BAD_STATUS_LINE'),
      'BODY_TOO_LARGE',
      'EXPECTATION_FAILED',
    ]
    expect(raised.filter((code) => !used.has(code))).toEqual([])
  })
})

const good = `
# A subject
Prose.

## a title

\`\`\`http maxLine=64 maxBody=10
\\0\\t{ab\\x20*2}
 c\\\\\\x7B\\xff
\\r\\n
\`\`\`
\`\`\`events
request GET /{a*3} HTTP/1.1
  host: h:
  x-a:
body "a\\"\\xe9"
trailer x-b:
end
need-more
\`\`\`
`

describe('the format of the corpus', () => {
  const [read] = readCorpus([['good.md', good]])

  it('joins the lines of an input, and reads escapes and repeats', () => {
    expect(Buffer.from(read!.bytes).toString('latin1')).toBe('\0\tab ab  c\\{\xff\r\n')
  })

  it('reads limits after the word http', () => {
    expect(read!.limits).toEqual({ maxLine: 64, maxBody: 10 })
  })

  it('reads events without their escapes, one character a byte', () => {
    const message = [
      'request GET /aaa HTTP/1.1',
      '  host: h:',
      '  x-a: ',
      'body "a"\xe9"',
      'trailer x-b: ',
      'end',
    ]
    expect(read!.events).toEqual([...message, 'need-more'])
  })

  it.each([
    [
      'a block before the first title',
      '## a title',
      '# a title',
      'good.md:7: a block before the first title',
    ],
    ['an empty title', '## a title', '## \x20', 'an empty title'],
    ['a missing http block', 'http maxLine=64 maxBody=10', 'text', 'the first block must be http'],
    ['a missing events block', 'events', 'text', 'the second block must be events'],
    ['a third block', /$/, '```events\n```\n', 'a third block'],
    ['a block that is not closed', /```\n$/, '', 'the last block is not closed'],
    ['a block within a block', '```\n```events', '```events', 'a block within a block'],
    ['an unknown limit', 'maxLine', 'maxLines', "an unknown limit 'maxLines=64'"],
    ['a limit that is no number', 'maxBody=10', 'maxBody=1k', "an unknown limit 'maxBody=1k'"],
    ['an unknown escape', '\\r', '\\q', "an unknown escape '\\q'"],
    ['half an escape', '\\xff', '\\xf', "an unknown escape '\\x'"],
    ['a brace that repeats nothing', '\\x7B', '{', 'a brace that repeats nothing'],
    ['a space at the end of a line', '\\xff', '\x20', 'must be written as \\x20'],
    ['a character outside ASCII', '\\xff', 'é', 'must be written as \\xHH'],
    ['an unknown event', 'need-more', 'needs more', "an unknown event 'needs more'"],
    ['a body without quotes', 'body "a\\"\\xe9"', 'body a', "an unknown event 'body a'"],
    ['a body before its request', 'request', 'body "a"\nrequest', 'cannot follow start'],
    ['an event after the last', 'need-more', 'need-more\nend', "'end' cannot follow need-more"],
    ['a message that does not end', 'end\nneed-more\n', '', 'the events stop at trailer'],
  ])('refuses %s', (_, part, other, fault) => {
    expect(() => readCorpus([['good.md', good.replace(part, () => other)]])).toThrow(fault)
  })

  it('refuses a title that is already in another file', () => {
    const both = () =>
      readCorpus([
        ['one.md', good],
        ['two.md', good],
      ])
    expect(both).toThrow("two.md: the title 'a title' is already in one.md")
  })

  it('names the file and the line of a malformed case', () => {
    const broken = good.replace('\\r', '\\q')
    expect(() => readCorpus([['good.md', broken]])).toThrow(/^good\.md:5: .*, in 'a title'$/)
  })
})

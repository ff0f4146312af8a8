// The corpus of responses itself: that it parses, that its cases differ, and that it speaks of errors we have.
import { describe, expect, it } from 'vitest'
import { protocolError, resultCodes } from '../../src/core/protocol-error.js'
import { readResponseCorpus } from '../support/response-corpus.js'

const cases = readResponseCorpus()
const errorOf = (answer: readonly string[]) => /^error (\S+)(?: (\S+))?$/.exec(answer[0]!) ?? []

describe('the corpus of responses', () => {
  it('has at least 350 cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(350)
  })

  it('gives every case a title of its own in its file that ends with its section', () => {
    expect(new Set(cases.map(({ file, title }) => file + title)).size).toBe(cases.length)
    expect(cases.filter(({ title }) => !/ \(RFC \d+ §[\d.]+\)$/.test(title))).toEqual([])
  })

  it('gives every case bytes of its own', () => {
    const titleOf = new Map<string, string>()
    for (const { title, method, ending, bytes } of cases) {
      const input = [method, ending, bytes.toString('latin1')].join(' ')
      expect(titleOf.get(input), title).toBeUndefined()
      titleOf.set(input, title)
    }
  })

  it('has no answer that is given up before it could have come', () => {
    const cut = cases.filter(
      ({ answer, ending }) => errorOf(answer)[1] === 'ERR_CONNECTION_CLOSED' && ending === 'open',
    )
    expect(cut).toEqual([])
  })

  it('names a rule for every answer that breaks the protocol, and none for others', () => {
    for (const { title, answer } of cases) {
      const [, code, rule] = errorOf(answer)
      expect(rule !== undefined, title).toBe(code === 'ERR_PROTOCOL')
      if (rule !== undefined) expect(protocolError(rule).code, title).toBe(rule)
    }
  })

  it('has a case for every rule of the core that a response can break', () => {
    const ofRequests = /METHOD|TARGET|REQUEST_LINE|HOST/
    const ofForms = ['BAD_DELIMITER', 'BAD_PART_HEAD', 'PART_HEAD_TOO_LARGE']
    const used = new Set(cases.map(({ answer }) => errorOf(answer)[2]))
    const raised = resultCodes.filter(
      (code) => protocolError(code).status !== undefined && !ofRequests.test(code) && !ofForms.includes(code),
    )
    expect(raised.filter((code) => !used.has(code))).toEqual([])
    for (const code of ['UNASKED_UPGRADE', 'TOO_MANY_INTERIM']) expect(used).toContain(code)
  })
})

const good = `
# A subject
Prose.

## a title

\`\`\`http HEAD fin
\\0\\t{ab\\x20*2}
 c\\\\\\x7B\\xff
\\r\\n
\`\`\`
\`\`\`answer
status 204
  x-a: {b*3}
  x-a:
  x-b: 1 *2
body "a\\"\\xe9"
trailer x-c:
closed
\`\`\`
`

describe('the format of the corpus of responses', () => {
  const [read] = readResponseCorpus([['good.md', good]])

  it('joins the lines of the bytes, and reads escapes and repeats', () => {
    expect(read!.bytes.toString('latin1')).toBe('\0\tab ab  c\\{\xff\r\n')
  })

  it('reads the method, and what the server does behind the bytes', () => {
    expect(read).toMatchObject({ method: 'HEAD', ending: 'fin' })
    const [open] = readResponseCorpus([['good.md', good.replace(' fin', '')]])
    expect(open).toMatchObject({ method: 'HEAD', ending: 'open' })
  })

  it('reads the answer without its escapes, one character a byte', () => {
    const fields = ['  x-a: bbb', '  x-a: ', '  x-b: 1', '  x-b: 1']
    expect(read!.answer).toEqual(['status 204', ...fields, 'body "a"\xe9"', 'trailer x-c: ', 'closed'])
  })

  it.each([
    ['a missing http block', 'http HEAD fin', 'text', 'the first block must be http'],
    ['a missing method', 'http HEAD fin', 'http', "a method is missing in ''"],
    ['an ending of no known kind', 'fin', 'sulk', 'a method is missing in'],
    ['a missing answer block', 'answer', 'events', 'the second block must be answer'],
    ['a third block', /$/, '```answer\n```\n', 'a third block'],
    ['an unknown escape', '\\t', '\\q', "an unknown escape '\\q'"],
    ['half an escape', '\\xff', '\\xf', "an unknown escape '\\x'"],
    ['a brace that repeats nothing', '\\x7B', '{', 'a brace that repeats nothing'],
    ['a space at the end of a line', '\\xff', '\x20', 'must be written as \\x20'],
    ['a character outside ASCII', '\\xff', 'é', 'must be written as \\xHH'],
    ['a line of no known kind', 'closed', 'open', "'open' comes too early"],
    ['a field behind the body', 'trailer x-c:', '  x-c:', "'  x-c:' comes too early"],
    ['an empty body', 'a\\"\\xe9', '', '\'body ""\' comes too early'],
    ['a missing status', 'status 204\n', '', "'  x-a: {b*3}' comes too early"],
    ['a missing end', 'closed\n', '', "'the end' comes too early"],
    ['a line behind the end', 'closed', 'closed\nkept', "'kept' comes too late"],
    ['an error among other lines', 'closed', 'error ERR_PROTOCOL', "'error ERR_PROTOCOL' comes too early"],
  ])('refuses %s', (_, part, other, fault) => {
    const broken = good.replace(part, () => other)
    expect(() => readResponseCorpus([['good.md', broken]])).toThrow(fault)
  })

  it('names the file, the line and the case that is malformed', () => {
    const broken = good.replace('\\t', '\\q')
    expect(() => readResponseCorpus([['good.md', broken]])).toThrow(/^good\.md:\d+: .*, in 'a title'$/)
  })
})

// Random requests, well-formed by construction, against what they were made from; then the same bytes with faults in
// them, which may mean anything, but the same however they are cut.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cutAt, cutEvery, replay } from '../support/replay.js'

// The grammar (RFC 9110 §5.6, RFC 9112 §3 to §7) as text in which a character is a byte.

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = UPPER.toLowerCase()
const NO_LETTERS = "0123456789!#$%&'*+-.^_`|~"
const VCHAR = charactersOf(0x21, 0x7e)
const TEXT = ` \t${VCHAR}${charactersOf(0x80, 0xff)}`

function charactersOf(first: number, last: number): string {
  return String.fromCharCode(...Array.from({ length: last - first + 1 }, (_, index) => first + index))
}

function textOf(characters: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength })
}

const token = textOf(UPPER + LOWER + NO_LETTERS, 1, 40)
const ows = textOf(' \t', 0, 3)
const hex = textOf('0123456789abcdefABCDEF', 2, 2)

const host = fc.oneof(
  fc
    .array(fc.oneof(textOf(`${LOWER}${UPPER}0123456789-._~!$&'()*+,;=`, 1, 20), hex.map(percent)), {
      minLength: 1,
      maxLength: 3,
    })
    .map((parts) => parts.join('')),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
  textOf(`${LOWER}:.-`, 1, 10).map((address) => `[v1f.${address}]`),
)

function percent(digits: string): string {
  return `%${digits}`
}

const port = fc.oneof(
  fc.constantFrom('', ':', ':080'),
  fc.nat(65_535).map((number) => `:${number}`),
)

// Field values; what is trimmed is SP and HTAB only, for 0xA0 is a byte like others.
const value = fc.oneof(textOf(TEXT, 0, 60), token).map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''))

interface Field {
  name: string
  value: string
}

const oddNames = [
  '__proto__',
  'constructor',
  'tostring',
  'hostname',
  'content-lengths',
  '1',
  'cookie',
  'cookie2',
]
const usualNames = ['accept', 'user-agent', 'x-forwarded-for', 'if-none-match', 'sec-websocket-extensions']
// Those whose values mean something to the reader, and those that a trailer may not be (assembly/words.ts).
const steering = ['host', 'connection', 'content-length', 'transfer-encoding', 'expect']
const headOnly =
  `upgrade te trailer keep-alive authorization proxy-authorization cookie set-cookie content-encoding
  content-type content-range max-forwards cache-control range`.split(/\s+/)

function fieldsBut(excluded: readonly string[]): fc.Arbitrary<Field[]> {
  const known = fc.mixedCase(fc.constantFrom(...oddNames, ...usualNames, ...headOnly))
  const name = fc.oneof(token, known).filter((one) => !excluded.includes(one.toLowerCase()))
  return fc.array(fc.record({ name, value }), { maxLength: 6 })
}

function fieldLine(field: Field, space: readonly [string, string]): string {
  return `${field.name}:${space[0]}${field.value}${space[1]}\r\n`
}

/** Field-lines of the fields, with any white space around their values. */
function linesOf(fields: readonly Field[]): fc.Arbitrary<string> {
  return fc
    .tuple(...fields.map(() => fc.tuple(ows, ows)))
    .map((spaces) => fields.map((field, index) => fieldLine(field, spaces[index]!)).join(''))
}

/** The fields as a head's events: names in lower case, repeats joined. */
function fieldEvents(fields: readonly Field[]): string[] {
  const merged = new Map<string, string>()
  for (const field of fields) {
    const name = field.name.toLowerCase()
    const earlier = merged.get(name)
    const separator = name === 'cookie' ? '; ' : ', '
    merged.set(name, earlier === undefined ? field.value : earlier + separator + field.value)
  }
  return [...merged].map(([name, joined]) => `  ${name}: ${joined}`)
}

// A body: its framing field, its bytes on the wire, and what they give.

interface Body {
  framing: Field[]
  wire: string
  events: string[]
}

const content = fc.oneof(
  { weight: 20, arbitrary: textOf(charactersOf(0, 255), 0, 80) },
  { weight: 1, arbitrary: fc.tuple(textOf(charactersOf(0, 255), 1, 7), fc.integer({ min: 1, max: 12_000 })) },
)

const bytesOfBody = content.map((made) => (typeof made === 'string' ? made : made[0].repeat(made[1])))
const bodyEvents = (body: string): string[] => (body === '' ? [] : [`body "${body}"`])

const countedBody: fc.Arbitrary<Body> = fc
  .tuple(bytesOfBody, fc.mixedCase(fc.constant('content-length')))
  .map(([body, name]) => ({
    framing: [{ name, value: String(body.length) }],
    wire: body,
    events: bodyEvents(body),
  }))

const quoted = fc
  .array(fc.oneof(textOf(TEXT.replace(/["\\]/g, ''), 0, 5), textOf(TEXT, 1, 1).map(quotedPair)), {
    maxLength: 4,
  })
  .map((parts) => `"${parts.join('')}"`)

function quotedPair(character: string): string {
  return `\\${character}`
}

const extension = fc
  .tuple(ows, ows, token, fc.option(fc.tuple(ows, ows, fc.oneof(token, quoted))))
  .map(([before, after, name, set]) => {
    return `${before};${after}${name}${set ? `${set[0]}=${set[1]}${set[2]}` : ''}`
  })

const chunkLine = fc.record({
  zeros: textOf('0', 0, 3),
  isUpper: fc.boolean(),
  extensions: fc.array(extension, { maxLength: 2 }),
})

function sizeLine(size: number, line: { zeros: string; isUpper: boolean; extensions: string[] }): string {
  const digits = line.isUpper ? size.toString(16).toUpperCase() : size.toString(16)
  return `${line.zeros}${digits}${line.extensions.join('')}\r\n`
}

const chunkedBody: fc.Arbitrary<Body> = fc
  .record({
    body: bytesOfBody,
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
    chunkLines: fc.array(chunkLine, { minLength: 6, maxLength: 6 }),
    framing: fc.record({
      name: fc.mixedCase(fc.constant('transfer-encoding')),
      value: fc.mixedCase(fc.constant('chunked')),
    }),
    trailers: fieldsBut([...steering, ...headOnly]).chain((fields) =>
      linesOf(fields).map((lines) => ({ fields, lines })),
    ),
  })
  .map(({ body, cuts, chunkLines, framing, trailers }) => {
    const chunks = slices(body, cuts).filter((chunk) => chunk !== '')
    const wire = chunks.map((chunk, index) => `${sizeLine(chunk.length, chunkLines[index]!) + chunk}\r\n`)
    return {
      framing: [framing],
      wire: `${wire.join('')}${sizeLine(0, chunkLines[5]!)}${trailers.lines}\r\n`,
      events: [
        ...bodyEvents(body),
        ...trailers.fields.map((field) => `trailer ${field.name.toLowerCase()}: ${field.value}`),
      ],
    }
  })

function slices(text: string, cuts: readonly number[]): string[] {
  const positions = positionsOf(cuts, text.length)
  return [...positions, text.length].map((end, index) => text.slice(positions[index - 1] ?? 0, end))
}

function positionsOf(cuts: readonly number[], length: number): number[] {
  return cuts.map((cut) => cut % (length + 1)).sort((a, b) => a - b)
}

const noBody = fc.constant<Body>({ framing: [], wire: '', events: [] })

// A request.

const otherMethod = textOf(UPPER + NO_LETTERS, 1, 20).filter((method) => method !== 'CONNECT')
const method = fc.oneof(fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PROPFIND'), otherMethod)
const path = textOf(VCHAR.replace('#', ''), 0, 60).map((rest) => `/${rest}`)
const afterAuthority = fc.oneof(
  fc.constant(''),
  path,
  path.map((text) => text.replace('/', '?')),
)
const absolute = fc
  .tuple(fc.mixedCase(fc.constantFrom('http', 'https')), host, port, afterAuthority)
  .map(([scheme, ...rest]) => `${scheme}://${rest.join('')}`)

const start = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(method, path) },
  { weight: 2, arbitrary: fc.tuple(method, absolute) },
  { weight: 1, arbitrary: fc.constant(['OPTIONS', '*'] as const) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(host, fc.integer({ min: 1, max: 65_535 }))
      .map(([name, number]) => ['CONNECT', `${name}:${number}`] as const),
  },
)

const connection = fc.mixedCase(
  fc.constantFrom('close', 'keep-alive', 'x, close', 'te,\tkeep-alive', 'closed'),
)

/** None, or one in four times one. */
function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: arbitrary.map((one) => [one]) },
  )
}

interface Message {
  wire: string
  events: string[]
}

const message: fc.Arbitrary<Message> = fc
  .record({
    emptyLine: fc.constantFrom('', '', '\r\n'),
    start,
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
    host: fc.record({ name: fc.mixedCase(fc.constant('host')), value: fc.tuple(host, port).map(joined) }),
    connection: seldom(fc.record({ name: fc.constant('Connection'), value: connection })),
    expect: seldom(
      fc.record({ name: fc.constant('Expect'), value: fc.mixedCase(fc.constant('100-continue')) }),
    ),
    others: fieldsBut(steering),
    counted: fc.oneof(noBody, countedBody),
    chunked: fc.oneof(noBody, chunkedBody),
  })
  .chain((parts) => {
    const body = parts.version === '1.1' && parts.chunked.wire !== '' ? parts.chunked : parts.counted
    const fields = [parts.host, ...body.framing, ...parts.connection, ...parts.expect, ...parts.others]
    return fc
      .shuffledSubarray(fields, { minLength: fields.length })
      .chain((shuffled) => linesOf(shuffled).map((lines) => ({ ...parts, body, fields: shuffled, lines })))
  })
  .map(({ emptyLine, start: [name, target], version, connection, body, fields, lines }) => {
    const tokens = (connection[0]?.value ?? '').toLowerCase().split(/[ \t]*,[ \t]*/)
    const closes = tokens.includes('close') || (version === '1.0' && !tokens.includes('keep-alive'))
    const line = `${name} ${target} HTTP/${version}`
    return {
      wire: `${emptyLine}${line}\r\n${lines}\r\n${body.wire}`,
      events: [
        `request ${line}`,
        ...fieldEvents(fields),
        ...body.events,
        'end',
        ...(closes ? ['close'] : []),
      ],
    }
  })

function joined(parts: readonly string[]): string {
  return parts.join('')
}

const pipeline = fc.array(message, { minLength: 1, maxLength: 4 })
const cuts = fc.array(fc.nat(), { maxLength: 8 })

function bytesOf(messages: readonly Message[]): Uint8Array {
  return Buffer.from(messages.map(({ wire }) => wire).join(''), 'latin1')
}

function eventsOf(messages: readonly Message[]): string[] {
  const last = messages.findIndex(({ events }) => events.at(-1) === 'close')
  return (last < 0 ? messages : messages.slice(0, last + 1)).flatMap(({ events }) => events)
}

function cutAnywhere(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  return cutAt(bytes, positionsOf(positions, bytes.length))
}

/** Runs a property, and gives up after a while to look for the smallest input that breaks it. */
function check<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>, numRuns: number): void {
  fc.assert(property, { numRuns, interruptAfterTimeLimit: 15_000 })
}

describe('well-formed requests', () => {
  it('give what they were made from, whole and byte by byte', () => {
    const property = fc.property(pipeline, (messages) => {
      const bytes = bytesOf(messages)
      expect(replay([bytes])).toEqual(eventsOf(messages))
      expect(replay(cutEvery(bytes, 1))).toEqual(eventsOf(messages))
    })
    check(property, 500)
  })

  it('give the same cut anywhere', () => {
    const property = fc.property(pipeline, cuts, (messages, positions) => {
      expect(replay(cutAnywhere(bytesOf(messages), positions))).toEqual(eventsOf(messages))
    })
    check(property, 1000)
  })

  it('need more where they break off, and are never an error', () => {
    const property = fc.property(message, message, fc.nat(), (first, second, cut) => {
      const rest = bytesOf([second]).subarray(0, cut % second.wire.length)
      const isKept = first.events.at(-1) === 'end'
      const events = replay([bytesOf([first]), rest])
      expect(events.slice(0, first.events.length)).toEqual(first.events)
      expect(events.at(-1)).toBe(!isKept ? 'close' : rest.length === 0 ? 'end' : 'need-more')
    })
    check(property, 500)
  })
})

// Faults: single bytes changed, put in or taken out, and pieces repeated or lost.

interface Fault {
  kind: 'change' | 'insert' | 'remove' | 'repeat' | 'break off'
  at: number
  character: string
  length: number
}

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('change', 'change', 'insert', 'insert', 'remove', 'remove', 'repeat', 'break off'),
  at: fc.nat(),
  character: fc.oneof(
    textOf('\r\n\t\0 :;,="\\/?#%[]@019aAfFZ\x7f\x80\xff', 1, 1),
    textOf(charactersOf(0, 255), 1, 1),
  ),
  length: fc.integer({ min: 1, max: 30 }),
})

function applyFault(wire: string, { kind, at, character, length }: Fault): string {
  const start = at % (wire.length + 1)
  const before = wire.slice(0, start)
  if (kind === 'break off') return before
  if (kind === 'change') return before + character + wire.slice(start + 1)
  if (kind === 'insert') return before + character + wire.slice(start)
  if (kind === 'remove') return before + wire.slice(start + (length % 3) + 1)
  return before + wire.slice(start, start + length) + wire.slice(start)
}

const faulty = fc
  .tuple(pipeline, fc.array(fault, { minLength: 1, maxLength: 4 }))
  .map(([messages, faults]) => faults.reduce(applyFault, messages.map(({ wire }) => wire).join('')))

const limits = fc.oneof(
  fc.constant({}),
  fc.record({
    maxLine: fc.integer({ min: 16, max: 120 }),
    maxHeaders: fc.integer({ min: 1, max: 8 }),
    maxBody: fc.integer({ min: 0, max: 100 }),
  }),
)

describe('bytes with faults in them', () => {
  // A line is judged when it has ended: until then a fault in it may be seen, in what came whole, or not.
  it('give the same events and the same error however they are cut', () => {
    const property = fc.property(faulty, cuts, limits, (wire, positions, limited) => {
      const bytes = Buffer.from(wire, 'latin1')
      const whole = replay([bytes], limited)
      const isError = whole.at(-1)?.startsWith('error ')
      for (const pieces of [cutEvery(bytes, 1), cutAnywhere(bytes, positions)]) {
        const events = replay(pieces, limited)
        const isUnended = isError && events.at(-1) === 'need-more'
        if (isUnended) expect(events).toEqual([...whole.slice(0, -1), 'need-more'])
        expect(isUnended ? replay([...pieces, Buffer.from('\n')], limited) : events).toEqual(whole)
      }
    })
    check(property, 3000)
  })

  it('are followed by nothing once an error has been told', () => {
    const property = fc.property(faulty, limits, message, (wire, limited, next) => {
      const bytes = Buffer.from(wire, 'latin1')
      const events = replay([bytes], limited)
      if (!events.at(-1)?.startsWith('error ')) return
      expect(replay([bytes, bytesOf([next])], limited)).toEqual(events)
    })
    check(property, 500)
  })
})

describe('a line that is too long in a head that is too large', () => {
  it('is refused for the limit that is passed first, wherever it is cut', () => {
    const head = `GET / HTTP/1.1\r\nHost: a\r\n${`X: ${'a'.repeat(995)}\r\n`.repeat(60)}`
    const refusalsOf = (limit: number): Set<string | undefined> => {
      const bytes = Buffer.from(`${head}Y: ${'b'.repeat(10_000)}\r\n\r\n`)
      const cuts = Array.from({ length: 60 }, (_, index) => limit - 30 + index)
      return new Set([[], ...cuts.map((cut) => [cut])].map((cut) => replay(cutAt(bytes, cut)).at(-1)))
    }
    expect(head.length).toBeLessThan(64 * 1024 - 4096)
    expect(refusalsOf(64 * 1024)).toEqual(new Set(['error HEAD_TOO_LARGE 431']))
    expect(refusalsOf(head.length + 8192)).toEqual(new Set(['error HEAD_TOO_LARGE 431']))
  })
})

describe('any bytes', () => {
  it('give events or an error, and the same byte by byte', () => {
    const wire = fc.oneof(textOf(charactersOf(0, 255), 0, 200), textOf('GET / HTTP/1.1\r\n:Host', 0, 200))
    const property = fc.property(wire, (text) => {
      const bytes = Buffer.from(`${text}\r\n`, 'latin1')
      expect(replay(cutEvery(bytes, 1))).toEqual(replay([bytes]))
    })
    check(property, 2000)
  })
})

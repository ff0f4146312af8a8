// The negotiation of permessage-deflate (RFC 7692 §7.1) as text in, text out: what is offered, taken and answered, and
// what either end makes of it; its grammar is that of Sec-WebSocket-Extensions (RFC 6455 §9.1).
import { describe, expect, it } from 'vitest'
import {
  acceptOffer,
  areExtensions,
  type DeflateParameters,
  type DeflateWishes,
  makeOffer,
  readAnswer,
} from '../../src/core/permessage-deflate.js'
import { ProtocolError } from '../../src/core.js'
import { wishesOfAll } from '../support/deflate-wishes.js'

const pmd = 'permessage-deflate'

const plain: DeflateParameters = {
  serverNoContextTakeover: false,
  clientNoContextTakeover: false,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

/** The parameters as a set: their order says nothing. */
function parts(field: string | undefined): string[] | undefined {
  return field?.split('; ').sort()
}

describe('the grammar of extensions', () => {
  it.each([
    '',
    pmd,
    'x-one, x-two',
    'x-one,x-two;a;b=c;d="e"',
    ` ${pmd} \t;\t client_max_window_bits ,\tx `,
    "!#$%&'*+-.^_`|~09azAZ",
    'a; b = c',
    'a; b =\t"c"',
  ])('is followed by %j', (value) => {
    expect(areExtensions(value)).toBe(true)
  })

  it.each([`${pmd},`, `,${pmd}`, `${pmd}, ,x`, `,, ${pmd}`, `${pmd}, ,`, ','])(
    'lets elements of a list be empty: %j (RFC 9110 §5.6.1.2)',
    (value) => {
      expect(areExtensions(value)).toBe(true)
      if (value.includes(pmd)) expect(acceptOffer(value, {})?.field).toBe(pmd)
    },
  )

  it('lets a quoted value have escapes, which are no part of it (RFC 9110 §5.6.4)', () => {
    expect(acceptOffer(`${pmd}; server_max_window_bits="1\\0"`, {})?.parameters.serverMaxWindowBits).toBe(10)
  })

  it.each([
    ';',
    `${pmd};`,
    `${pmd}; `,
    `;${pmd}`,
    `${pmd};; a`,
    `${pmd}; a=`,
    `${pmd}; =a`,
    `${pmd}; a==b`,
    `${pmd}; a b`,
    `${pmd} a`,
    `${pmd}; a="b`,
    `${pmd}; a=b"`,
    `${pmd}; a=""`,
    `${pmd}; a="b c"`,
    `${pmd}; a="b,c"`,
    `${pmd}; a="b";c d`,
    `${pmd}; a=(b)`,
    `${pmd}/1`,
    `"${pmd}"`,
    `${pmd}; é`,
    `${pmd}\n; a`,
    `${pmd}; a\0`,
    `x, ${pmd}; `,
  ])('is not followed by %j', (value) => {
    expect(areExtensions(value)).toBe(false)
    expect(() => acceptOffer(value, {})).toThrow(ProtocolError)
    expect(() => readAnswer(value, {})).toThrow(ProtocolError)
  })

  it.each([
    ['blanks', `${pmd}${' '.repeat(100_000)}!`],
    ['blanks before a sign', `${pmd}; a${' \t'.repeat(50_000)}=`],
    ['semicolons', `${pmd}${'; '.repeat(50_000)}`],
    ['parameters', `${pmd}${'; a=b'.repeat(20_000)};`],
    ['extensions', `${`${pmd}; a, `.repeat(10_000)};`],
    ['a long name', `${'a'.repeat(100_000)} b`],
    ['escapes', `${pmd}; a="${'\\b'.repeat(50_000)}`],
    ['quoted values', `${pmd}${'; a="b"'.repeat(20_000)};`],
    ['commas', `${' ,'.repeat(50_000)};`],
  ])('is judged soon, also where it is long and ends badly: %s', (_, value) => {
    const start = performance.now()
    expect(areExtensions(value)).toBe(false)
    expect(performance.now() - start).toBeLessThan(1000)
  })
})

describe('an offer', () => {
  it.each<[offers: string, agreed: Partial<DeflateParameters>, field: string]>([
    [pmd, {}, pmd],
    [`${pmd}; client_max_window_bits`, {}, pmd],
    [`${pmd}; client_max_window_bits=15`, {}, pmd],
    [`${pmd}; server_max_window_bits=15`, {}, `${pmd}; server_max_window_bits=15`],
    [`${pmd}; server_max_window_bits=9`, { serverMaxWindowBits: 9 }, `${pmd}; server_max_window_bits=9`],
    [`${pmd}; server_max_window_bits="9"`, { serverMaxWindowBits: 9 }, `${pmd}; server_max_window_bits=9`],
    [`${pmd}; client_max_window_bits=8`, { clientMaxWindowBits: 8 }, `${pmd}; client_max_window_bits=8`],
    [
      `${pmd}; server_no_context_takeover`,
      { serverNoContextTakeover: true },
      `${pmd}; server_no_context_takeover`,
    ],
    [
      `${pmd}; client_no_context_takeover`,
      { clientNoContextTakeover: true },
      `${pmd}; client_no_context_takeover`,
    ],
    [
      `x-other; a=b, ${pmd}; server_max_window_bits=10`,
      { serverMaxWindowBits: 10 },
      `${pmd}; server_max_window_bits=10`,
    ],
    [`${pmd}; unheard_of, ${pmd}`, {}, pmd],
    [
      `${pmd}; server_max_window_bits=10, ${pmd}`,
      { serverMaxWindowBits: 10 },
      `${pmd}; server_max_window_bits=10`,
    ],
    [`${pmd}; server_max_window_bits=8, ${pmd}`, {}, pmd],
  ])('of %j is taken', (offers, agreed, field) => {
    expect(acceptOffer(offers, {})).toEqual({ parameters: { ...plain, ...agreed }, field })
  })

  it.each([
    '',
    'x-webkit-deflate-frame',
    'permessage-bzip2',
    `${pmd}; unheard_of`,
    `${pmd}; unheard_of=1`,
    `${pmd}; server_max_window_bits`,
    `${pmd}; server_no_context_takeover=true`,
    `${pmd}; client_no_context_takeover="1"`,
    ...['8', '7', '16', '0', '010', '09', '1e1', '10.0', '+10', '-10', '0x9', 'nine', '100'].map(
      (bits) => `${pmd}; server_max_window_bits=${bits}`,
    ),
    ...['7', '16', '0', '010', '08', '1e1', '10.0', '+8', 'x'].map(
      (bits) => `${pmd}; client_max_window_bits=${bits}`,
    ),
    `${pmd}; server_max_window_bits=10; server_max_window_bits=10`,
    `${pmd}; client_max_window_bits; client_max_window_bits=10`,
    `${pmd}; client_no_context_takeover; client_no_context_takeover`,
    `${pmd}; __proto__`,
    `${pmd}; constructor=10`,
  ])('of %j is left', (offers) => {
    expect(acceptOffer(offers, {})).toBeUndefined()
  })

  it.each<[wishes: DeflateWishes, offers: string, field: string]>([
    [{ serverNoContextTakeover: true }, pmd, `${pmd}; server_no_context_takeover`],
    [{ clientNoContextTakeover: true }, pmd, `${pmd}; client_no_context_takeover`],
    [{ serverMaxWindowBits: 10 }, pmd, `${pmd}; server_max_window_bits=10`],
    [{ serverMaxWindowBits: 10 }, `${pmd}; server_max_window_bits=12`, `${pmd}; server_max_window_bits=10`],
    [{ serverMaxWindowBits: 12 }, `${pmd}; server_max_window_bits=10`, `${pmd}; server_max_window_bits=10`],
    [{ clientMaxWindowBits: 10 }, `${pmd}; client_max_window_bits`, `${pmd}; client_max_window_bits=10`],
    [{ clientMaxWindowBits: 10 }, `${pmd}; client_max_window_bits=12`, `${pmd}; client_max_window_bits=10`],
    [{ clientMaxWindowBits: 12 }, `${pmd}; client_max_window_bits=10`, `${pmd}; client_max_window_bits=10`],
    [{ clientMaxWindowBits: 10 }, pmd, pmd],
  ])('is answered as %j wishes', (wishes, offers, field) => {
    expect(parts(acceptOffer(offers, wishes)?.field)).toEqual(parts(field))
  })

  it('counts on the largest window of a client that knows no smaller', () => {
    expect(acceptOffer(pmd, { clientMaxWindowBits: 10 })?.parameters.clientMaxWindowBits).toBe(15)
  })

  it.each<[wishes: DeflateWishes, offer: string]>([
    [{}, `${pmd}; client_max_window_bits`],
    [{ serverNoContextTakeover: true }, `${pmd}; server_no_context_takeover; client_max_window_bits`],
    [{ clientNoContextTakeover: true }, `${pmd}; client_no_context_takeover; client_max_window_bits`],
    [{ serverMaxWindowBits: 9 }, `${pmd}; server_max_window_bits=9; client_max_window_bits`],
    [{ clientMaxWindowBits: 9 }, `${pmd}; client_max_window_bits=9`],
    [{ serverMaxWindowBits: 15, clientMaxWindowBits: 15 }, `${pmd}; client_max_window_bits`],
    [{ serverNoContextTakeover: false, clientNoContextTakeover: false }, `${pmd}; client_max_window_bits`],
  ])('is made as %j wishes', (wishes, offer) => {
    expect(parts(makeOffer(wishes))).toEqual(parts(offer))
  })
})

describe('an answer', () => {
  it.each<[answer: string, wishes: DeflateWishes, agreed: Partial<DeflateParameters>]>([
    [pmd, {}, {}],
    [`${pmd}; server_no_context_takeover`, {}, { serverNoContextTakeover: true }],
    [`${pmd}; client_no_context_takeover`, {}, { clientNoContextTakeover: true }],
    [`${pmd}; server_max_window_bits=8`, {}, { serverMaxWindowBits: 8 }],
    [`${pmd}; client_max_window_bits=9`, {}, { clientMaxWindowBits: 9 }],
    [`${pmd};server_max_window_bits="12"`, { serverMaxWindowBits: 12 }, { serverMaxWindowBits: 12 }],
    [`${pmd}; server_max_window_bits=11`, { serverMaxWindowBits: 12 }, { serverMaxWindowBits: 11 }],
    [`${pmd}; client_max_window_bits=11`, { clientMaxWindowBits: 12 }, { clientMaxWindowBits: 11 }],
    [`${pmd}; client_max_window_bits=12`, { clientMaxWindowBits: 12 }, { clientMaxWindowBits: 12 }],
  ])('of %j is agreed to, to an offer as %j wishes', (answer, wishes, agreed) => {
    expect(readAnswer(answer, wishes)).toEqual({ ...plain, ...agreed })
  })

  // What an offer says of the client holds also where the answer asks for less of it, or for nothing: the server may
  // count on it.
  it.each<[wishes: DeflateWishes, answer: string, agreed: Partial<DeflateParameters>]>([
    [{ clientNoContextTakeover: true }, pmd, { clientNoContextTakeover: true }],
    [{ clientMaxWindowBits: 10 }, pmd, { clientMaxWindowBits: 10 }],
  ])('leaves a client to what it said: %j and %j (RFC 7692 §7.1.1.2, §7.1.2.2)', (wishes, answer, agreed) => {
    expect(readAnswer(answer, wishes)).toEqual({ ...plain, ...agreed })
  })

  it.each<[answer: string, wishes: DeflateWishes]>([
    ['', {}],
    ['x-other', {}],
    [`${pmd}, ${pmd}`, {}],
    [`${pmd}, x-other`, {}],
    [`${pmd}, x-other; a; a`, {}],
    [`x-other; a; a, ${pmd}`, {}],
    [`${pmd}; unheard_of`, {}],
    [`${pmd}; client_max_window_bits`, {}],
    [`${pmd}; server_max_window_bits`, {}],
    [`${pmd}; server_max_window_bits=16`, {}],
    [`${pmd}; server_max_window_bits=7`, {}],
    [`${pmd}; client_max_window_bits=16`, {}],
    [`${pmd}; client_max_window_bits=7`, {}],
    [`${pmd}; client_no_context_takeover=1`, {}],
    [`${pmd}; server_no_context_takeover; server_no_context_takeover`, {}],
    [pmd, { serverNoContextTakeover: true }],
    [pmd, { serverMaxWindowBits: 10 }],
    [`${pmd}; server_max_window_bits=11`, { serverMaxWindowBits: 10 }],
    [`${pmd}; client_max_window_bits=11`, { clientMaxWindowBits: 10 }],
  ])('of %j is refused, to an offer as %j wishes', (answer, wishes) => {
    expect(() => readAnswer(answer, wishes)).toThrow(ProtocolError)
  })
})

describe('client and server', () => {
  it('agree, whatever they wish, on the stricter of both', () => {
    for (const client of wishesOfAll) {
      for (const server of wishesOfAll) {
        const accepted = acceptOffer(makeOffer(client), server)!
        expect(readAnswer(accepted.field, client)).toEqual(accepted.parameters)
        expect(accepted.parameters).toEqual({
          serverNoContextTakeover: Boolean(client.serverNoContextTakeover || server.serverNoContextTakeover),
          clientNoContextTakeover: Boolean(client.clientNoContextTakeover || server.clientNoContextTakeover),
          serverMaxWindowBits: Math.min(client.serverMaxWindowBits ?? 15, server.serverMaxWindowBits ?? 15),
          clientMaxWindowBits: Math.min(client.clientMaxWindowBits ?? 15, server.clientMaxWindowBits ?? 15),
        })
      }
    }
  })
})

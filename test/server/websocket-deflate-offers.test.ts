// The negotiation of permessage-deflate (RFC 7692 §7.1): which offers are taken, and what is answered.

import { describe, expect, it } from 'vitest'
import { asChannel, type ServerOptions } from '../../src/server.js'
import { ask, serve } from '../support/raw-peer.js'
import { handshakeRequest } from '../support/raw-websocket.js'

type Compression = ServerOptions['compression']

/** The answer to a handshake with these fields of extensions. */
async function answerTo(offers: string | undefined, compression: Compression) {
  const server = await serve((req) => asChannel(req, {}), compression === undefined ? {} : { compression })
  return ask(server.port, handshakeRequest({ headers: { 'Sec-WebSocket-Extensions': offers } }))
}

async function answered(
  offers: string | undefined,
  compression: Compression = true,
): Promise<string | undefined> {
  const answer = await answerTo(offers, compression)
  expect(answer.status).toBe(101)
  return answer.header('sec-websocket-extensions')
}

const pmd = 'permessage-deflate'

describe('an offer', () => {
  const taken: [offers: string, answer: string][] = [
    [pmd, pmd],
    [`${pmd}; client_max_window_bits`, pmd],
    [`${pmd};client_max_window_bits`, pmd],
    [`${pmd} ; client_max_window_bits=15`, pmd],
    [`${pmd}; server_max_window_bits=15`, `${pmd}; server_max_window_bits=15`],
    [`${pmd}; server_max_window_bits=10`, `${pmd}; server_max_window_bits=10`],
    [`${pmd}; server_max_window_bits=9`, `${pmd}; server_max_window_bits=9`],
    [`${pmd}; server_max_window_bits="10"`, `${pmd}; server_max_window_bits=10`],
    [`${pmd}; client_max_window_bits=10`, `${pmd}; client_max_window_bits=10`],
    [`${pmd}; client_max_window_bits=8`, `${pmd}; client_max_window_bits=8`],
    [`${pmd}; server_no_context_takeover`, `${pmd}; server_no_context_takeover`],
    [`${pmd}; client_no_context_takeover`, `${pmd}; client_no_context_takeover`],
    [
      `${pmd}; client_max_window_bits=11; server_max_window_bits=12; client_no_context_takeover; server_no_context_takeover`,
      `${pmd}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=11`,
    ],
  ]
  it.each(taken)('is taken: %s gets %s', async (offers, answer) => {
    expect(parts(await answered(offers))).toEqual(parts(answer))
  })

  const declined: [why: string, offers: string | undefined][] = [
    ['none', undefined],
    ['another extension', 'x-webkit-deflate-frame'],
    ['another with the same parameters', 'deflate-frame; server_no_context_takeover'],
    ['an unknown parameter', `${pmd}; unheard_of`],
    ['an unknown parameter among known ones', `${pmd}; server_no_context_takeover; level=9`],
    ['server_max_window_bits without a value', `${pmd}; server_max_window_bits`],
    ['a server window that zlib cannot do', `${pmd}; server_max_window_bits=8`],
    ['a server window too small', `${pmd}; server_max_window_bits=7`],
    ['a server window too large', `${pmd}; server_max_window_bits=16`],
    ['a server window with a leading zero', `${pmd}; server_max_window_bits=010`],
    ['a server window with a leading zero and one digit', `${pmd}; server_max_window_bits=09`],
    ['a server window in words', `${pmd}; server_max_window_bits=ten`],
    ['a server window with a sign', `${pmd}; server_max_window_bits=+10`],
    ['a server window with a fraction', `${pmd}; server_max_window_bits=10.0`],
    ['a client window too small', `${pmd}; client_max_window_bits=7`],
    ['a client window too large', `${pmd}; client_max_window_bits=16`],
    ['a client window in words', `${pmd}; client_max_window_bits=x`],
    ['server_no_context_takeover with a value', `${pmd}; server_no_context_takeover=1`],
    ['client_no_context_takeover with a value', `${pmd}; client_no_context_takeover=true`],
    ['server_max_window_bits twice', `${pmd}; server_max_window_bits=10; server_max_window_bits=11`],
    ['the same value twice', `${pmd}; client_max_window_bits=10; client_max_window_bits=10`],
    ['server_no_context_takeover twice', `${pmd}; server_no_context_takeover; server_no_context_takeover`],
  ]
  it.each(declined)('is declined, and the WebSocket opens without: %s', async (_why, offers) => {
    expect(await answered(offers)).toBeUndefined()
  })

  it.each(declined.filter(([, offers]) => offers !== undefined))(
    'is passed over for a later one: %s',
    async (_why, offers) => {
      expect(await answered(`${offers}, ${pmd}; server_max_window_bits=11`)).toBe(
        `${pmd}; server_max_window_bits=11`,
      )
    },
  )

  it('is the first of several that will do', async () => {
    expect(
      await answered(`x-other, ${pmd}; server_max_window_bits=8, ${pmd}; server_no_context_takeover, ${pmd}`),
    ).toBe(`${pmd}; server_no_context_takeover`)
  })

  it('may come in several fields', async () => {
    const server = await serve((req) => asChannel(req, {}), { compression: true })
    const request = handshakeRequest({
      headers: { 'Sec-WebSocket-Extensions': 'x-other', 'sec-websocket-extensions': pmd },
    })
    expect((await ask(server.port, request)).header('sec-websocket-extensions')).toBe(pmd)
  })

  it.each([
    `${pmd};`,
    `${pmd}; =10`,
    `${pmd}; server_max_window_bits=`,
    `${pmd}; a b`,
    `;${pmd}`,
    `${pmd}; a="b c"`,
    `${pmd}; a="b`,
  ])('that does not follow the grammar is a bad handshake: %s (RFC 6455 §9.1)', async (offers) => {
    expect((await answerTo(offers, true)).status).toBe(400)
  })

  it('is not answered unless the server was told to compress', async () => {
    for (const compression of [undefined, false]) {
      const answer = await answerTo(pmd, compression)
      expect([answer.status, answer.header('sec-websocket-extensions')]).toEqual([101, undefined])
    }
  })
})

describe('compression', () => {
  const settings: [Exclude<Compression, undefined>, offers: string, answer: string][] = [
    [{}, pmd, pmd],
    [{ serverNoContextTakeover: true }, pmd, `${pmd}; server_no_context_takeover`],
    [{ clientNoContextTakeover: true }, pmd, `${pmd}; client_no_context_takeover`],
    [{ serverMaxWindowBits: 10 }, pmd, `${pmd}; server_max_window_bits=10`],
    [{ serverMaxWindowBits: 10 }, `${pmd}; server_max_window_bits=12`, `${pmd}; server_max_window_bits=10`],
    [{ serverMaxWindowBits: 12 }, `${pmd}; server_max_window_bits=10`, `${pmd}; server_max_window_bits=10`],
    [{ clientMaxWindowBits: 10 }, `${pmd}; client_max_window_bits`, `${pmd}; client_max_window_bits=10`],
    [{ clientMaxWindowBits: 10 }, `${pmd}; client_max_window_bits=12`, `${pmd}; client_max_window_bits=10`],
    [{ clientMaxWindowBits: 12 }, `${pmd}; client_max_window_bits=10`, `${pmd}; client_max_window_bits=10`],
  ]
  it.each(settings)('of %j makes %s into %s', async (compression, offers, answer) => {
    expect(parts(await answered(offers, compression))).toEqual(parts(answer))
  })

  it('never tells a client to have a smaller window that did not say it can (§7.1.2.2)', async () => {
    expect(await answered(pmd, { clientMaxWindowBits: 10 })).not.toMatch(/client_max_window_bits/)
  })

  it.each([
    [{ serverMaxWindowBits: 8 }],
    [{ serverMaxWindowBits: 16 }],
    [{ clientMaxWindowBits: 7 }],
    [{ clientMaxWindowBits: 16 }],
    [{ level: 10 }],
    [{ memLevel: 0 }],
    [{ threshold: -1 }],
  ])('of %j is refused when the server starts', async (compression) => {
    await expect(serve(() => ({}), { compression })).rejects.toThrow(RangeError)
  })
})

/** The parameters' order says nothing. */
function parts(extensions: string | undefined): string[] | undefined {
  return extensions?.split(/; ?/).sort()
}

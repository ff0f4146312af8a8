// The negotiation of permessage-deflate with ws at one end.
import { expect, it } from 'vitest'
import { extension, PerMessageDeflate } from 'ws'
import {
  acceptOffer,
  type DeflateParameters,
  makeOffer,
  readAnswer,
} from '../../src/core/permessage-deflate.js'
import { wishesOfAll } from '../support/deflate-wishes.js'

const pmd = 'permessage-deflate'

it('the ends of a negotiation agree where the client is ws’s', () => {
  for (const wishes of wishesOfAll) {
    const client = new PerMessageDeflate({ ...wishes, isServer: false })
    const offer = extension.format({ [pmd]: client.offer() })
    for (const server of wishesOfAll) {
      const accepted = acceptOffer(offer, server)!
      expect(agreedByWs(client, accepted.field)).toEqual(accepted.parameters)
    }
  }
})

it('the ends of a negotiation agree where the server is ws’s', () => {
  for (const wishes of wishesOfAll) {
    const server = new PerMessageDeflate({ isServer: true })
    const agreed = agreedByWs(server, makeOffer(wishes))
    expect(readAnswer(extension.format({ [pmd]: server.params! }), wishes)).toEqual(agreed)
  }
})

/** Accepts an offer, or an answer. */
function agreedByWs(one: PerMessageDeflate, field: string): DeflateParameters {
  const params = one.accept(extension.parse(field)[pmd]!)
  return {
    serverNoContextTakeover: params.server_no_context_takeover === true,
    clientNoContextTakeover: params.client_no_context_takeover === true,
    serverMaxWindowBits: Number(params.server_max_window_bits ?? 15),
    clientMaxWindowBits: Number(params.client_max_window_bits ?? 15),
  }
}

// What a platform that has a server of its own has no use for. Handlers, and what they import, are the same everywhere; who
// calls these is told what to do instead.
import type { Handler } from '../ring/contract.js'

/** @returns rejected with a TypeError */
export async function runServer(_handler: Handler): Promise<never> {
  throw absent(
    'runServer',
    'this platform has a server of its own: export default { fetch: toFetch(handler) }, from httpkit-wasm/edge',
  )
}

/** @throws TypeError */
export function secWebSocketAccept(_key: string): never {
  throw absent('secWebSocketAccept', 'the platform answers handshakes: return asChannel(req, handlers)')
}

/** @throws TypeError */
export function websocketHandshakeCheck(_request: object): never {
  throw absent('websocketHandshakeCheck', 'the platform answers handshakes: return asChannel(req, handlers)')
}

function absent(name: string, instead: string): TypeError {
  return new TypeError(`${name} is not here: ${instead}`)
}

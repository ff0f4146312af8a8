// A fetch handler, which takes a Request and gives a Response, as a Ring handler.
import type { CloseStatus } from '../core/close.js'
import { collectFields } from '../core/fields.js'
import type { Handler, RingRequest, RingResponse } from '../ring/contract.js'
import { asText, fromBytes } from './header-text.js'

/** What the app may keep us with, as in workers. */
export interface FetchContext {
  /** Takes note of a promise: what it is rejected with does not end the process. */
  waitUntil(promise: Promise<unknown>): void
  /** Does nothing: there is nothing behind us. */
  passThroughOnException(): void
}

/** A fetch handler of any framework's: called with the request map second, where workers have their `env`. */
export type FetchApp = (
  request: Request,
  req: RingRequest,
  context: FetchContext,
) => Response | Promise<Response>

/** Methods that no Request may have (Fetch Standard). */
const FORBIDDEN = new Set(['connect', 'trace', 'track'])
const NO_BODY = new Set(['get', 'head'])

/**
 * Makes a Ring handler of a fetch handler, or of an app that has one as `fetch`: Hono, itty-router, h3 and others, unchanged.
 * Bodies stream both ways, and `request.signal` is aborted when the client goes before it has its answer. A method that no
 * Request may have is answered with 501, a Host that no URL may have with 400.
 *
 * @throws TypeError for an app that is no function and has no `fetch`
 */
export function fromFetch(app: FetchApp | { fetch: FetchApp }): Handler {
  const fetch = typeof app === 'function' ? app : (...given: Parameters<FetchApp>) => app.fetch(...given)
  if (typeof app !== 'function' && typeof app?.fetch !== 'function') {
    throw new TypeError('fromFetch takes a function, or an object that has one as fetch')
  }
  return async (req) => {
    if (FORBIDDEN.has(req.requestMethod)) return { status: 501 }
    const url = urlOf(req)
    if (!URL.canParse(url)) return { status: 400 }
    return responseMap(await fetch(makeRequest(url, req), req, context))
  }
}

const context: FetchContext = {
  waitUntil: (promise) => void Promise.resolve(promise).catch(console.error),
  passThroughOnException() {},
}

function makeRequest(url: string, req: RingRequest): Request {
  const { requestMethod, headers, body } = req
  const hasBody = body !== undefined && !NO_BODY.has(requestMethod)
  return new Request(url, {
    method: requestMethod.toUpperCase(),
    headers: Object.entries(headers).map(([name, value]) => [name, fromBytes(value)]),
    signal: signalOf(req),
    ...(hasBody && { body: body.stream(), duplex: 'half' }),
  })
}

// Host is what the client asked for; the target may be '*'.
function urlOf({ scheme, serverName, serverPort, uri, queryString }: RingRequest): string {
  const standard = scheme === 'https' ? 443 : 80
  const name = serverName.includes(':') && !serverName.startsWith('[') ? `[${serverName}]` : serverName
  const authority = serverPort === standard ? name : `${name}:${serverPort}`
  const path = uri.startsWith('/') ? uri : `/${uri === '*' ? '' : uri}`
  return `${scheme}://${authority}${path}${queryString === undefined ? '' : `?${queryString}`}`
}

function signalOf({ asyncChannel: channel }: RingRequest): AbortSignal {
  const controller = new AbortController()
  void channel?.closed.then(() => {
    const { closedAs } = channel as { closedAs?: CloseStatus }
    if (closedAs !== 'server-close') controller.abort(new Error('the client has gone'))
  })
  return controller.signal
}

function responseMap(response: Response): RingResponse {
  if (!response?.status) throw new TypeError('the app answered with no Response, or with Response.error()')
  const fields = Array.from(response.headers, ([name, value]): [string, string] => [name, asText(value)])
  return { status: response.status, headers: collectFields(fields), body: response.body }
}

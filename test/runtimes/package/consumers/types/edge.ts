// Handlers for platforms with a server of their own. The platforms' types are theirs; here is what they ask of a handler.
import {
  asChannel,
  broadcast,
  type Channel,
  type ChannelHandlers,
  type FetchHandler,
  type FetchOptions,
  fromFetch,
  type Handler,
  type RingRequest,
  toFetch,
  type WebSocketListener,
} from 'httpkit-wasm/edge'

const room = new Set<Channel>()
const callbacks: ChannelHandlers = {
  onOpen: (channel) => void room.add(channel),
  onReceive: async (channel, message) => {
    const text: string = typeof message === 'string' ? message : new TextDecoder().decode(message)
    broadcast(room, text)
    await channel.drained()
  },
  onClose(channel, status, code, reason) {
    const abnormal: boolean = status === 'abnormal' && code === 1006 && reason === ''
    if (abnormal) room.delete(channel)
  },
  protocol: ['chat'],
  heartbeat: 30_000,
}
const listener: WebSocketListener = {
  onMessage: (socket, message) => socket.send(message, () => socket.close()),
}

const handler: Handler = async (req) => {
  if (req.websocket) return req.uri === '/ring' ? { listener, protocol: 'chat' } : asChannel(req, callbacks)
  if (req.body) return { status: 201, body: req.body.stream() }
  return { headers: { 'Content-Type': 'text/plain', 'Set-Cookie': ['a=1', 'b=2'] }, body: pieces(req) }
}

async function* pieces(req: RingRequest): AsyncGenerator<string | Uint8Array> {
  yield req.requestMethod
  yield new Uint8Array([10])
}

const options: FetchOptions = {
  maxBody: 1024,
  errorResponse: (status, error) => ({ status, body: error.message }),
  errorLogger: (message, error) => console.error(message, error),
  remoteAddr: (request) => request.headers.get('x-real-ip') ?? '',
}
const fetch: FetchHandler = toFetch(handler, options)

// workerd's, as an object with `fetch`: bindings second, the event's context third.
interface Env {
  ORIGIN: string
}
interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void
}
interface ExportedHandler {
  fetch?(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response>
}
export default { fetch } satisfies ExportedHandler
export const worker: ExportedHandler = { fetch: toFetch(handler) }

// Deno's `serve`, and `export default { fetch }` for `deno serve`.
declare function serveDeno(
  handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Response | Promise<Response>,
): void
serveDeno(toFetch(handler))

// Bun's `serve`, with its sockets' handlers.
interface BunSocket {
  data: unknown
  send(message: string | Uint8Array, compress?: boolean): number
  close(code?: number, reason?: string): void
  ping(data?: string | Uint8Array): number
  pong(data?: string | Uint8Array): number
  getBufferedAmount(): number
}
declare function serveBun(options: {
  fetch(request: Request, server: object): Response | undefined | Promise<Response | undefined>
  websocket: {
    message(socket: BunSocket, message: string | Uint8Array): void | Promise<void>
    open?(socket: BunSocket): void | Promise<void>
    close?(socket: BunSocket, code: number, reason: string): void | Promise<void>
    idleTimeout?: number
    maxPayloadLength?: number
  }
}): void
serveBun({ fetch, websocket: fetch.websocket })
serveBun(toFetch(handler))

// Apps that have a fetch are handlers.
const app = { fetch: (request: Request): Response => Response.json({ url: request.url }) }
export const handlers: Handler[] = [fromFetch(app), fromFetch((request) => fetch(request))]

// @ts-expect-error a handler answers with a map
toFetch(() => 'Hello')
// @ts-expect-error not a status
toFetch(() => ({ status: '200' }))
// @ts-expect-error an app has a fetch
fromFetch({ get: () => new Response() })
// @ts-expect-error no such callback
export const misspelt: ChannelHandlers = { onMessage: () => {} }
// @ts-expect-error what is sent is text or bytes
asChannel({} as RingRequest, { onOpen: (channel) => void channel.send({ a: 1 }) })

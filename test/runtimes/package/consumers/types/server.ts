// The server on Node: options, what it tells, and the two that it ends by.
import {
  asChannel,
  type Channel,
  get,
  type Handler,
  type HttpServer,
  newWorker,
  QueueFullError,
  runServer,
  type ServerOptions,
  type ServerStats,
  type WorkerPool,
} from 'httpkit-wasm'
import { withFakeHttp } from 'httpkit-wasm/fake'
import { file, secWebSocketAccept, websocketHandshakeCheck } from 'httpkit-wasm/server'

const handler: Handler = (req) => {
  if (websocketHandshakeCheck(req)) return { headers: { 'X-Accept': String(secWebSocketAccept('key')) } }
  if (req.uri === '/later')
    return asChannel(req, { onOpen: (channel) => void setTimeout(() => answer(channel), 10) })
  return { status: 200, body: file('page.html') }
}

function answer(channel: Channel): void {
  const sent: boolean = channel.send({ status: 202, headers: { Server: null }, body: 'later' }, false)
  if (sent) channel.close()
}

const pool: WorkerPool = newWorker({ thread: 4 })
const options: ServerOptions = {
  port: 0,
  workerPool: pool,
  tls: { key: 'key', cert: 'cert' },
  compression: { threshold: 100 },
  proxyProtocol: 'optional',
  errorResponse: (status) => ({ status }),
  errorLogger: (message, error) => console.error(message, error),
}

export async function serve(): Promise<ServerStats> {
  const server: HttpServer = await runServer(handler, options)
  try {
    const status: number | undefined = (await get(`http://localhost:${server.port}/`)).status
    if (status === 200) return server.stats()
    throw new QueueFullError()
  } finally {
    await server.stop({ timeout: 100 })
  }
}

export const faked: Promise<string> = withFakeHttp(
  [
    ['http://a/', 'Hello'],
    [/b/, { status: 404 }],
  ],
  async () => {
    const { body } = await get('http://a/')
    return String(body)
  },
)

// @ts-expect-error a port is a number
runServer(handler, { port: '80' })
// @ts-expect-error no such option
runServer(handler, { ports: 80 })
// @ts-expect-error a handler is a function
runServer({ handler })
// @ts-expect-error it is a promise of one
runServer(handler).port

// Node's own server, on a free port of 127.0.0.1, for tests of the client: gone when the test ends.
//
//   const { url, server } = await serveNode((request, response) => response.end('hello'))
//   const { url } = await serveNode(listener, { tls: { key, cert } })       https://localhost:…
//   const { connections } = …                                               how many it has accepted so far
//   const port = await serveTcp((socket) => socket.end('220 hello'))         no HTTP at all; also at a socket's path
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface NodeServer {
  readonly server: Server
  readonly port: number
  /** Without a slash at its end. */
  readonly url: string
  readonly connections: number
}

export async function serveNode(
  listener: RequestListener,
  { tls, host = '127.0.0.1', port: wanted = 0 }: { tls?: ServerOptions; host?: string; port?: number } = {},
): Promise<NodeServer> {
  const server: Server = tls ? createSecureServer(tls, listener) : createServer(listener)
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(wanted, host, resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  const { port } = server.address() as AddressInfo
  const name = host.includes(':') ? `[${host}]` : tls ? 'localhost' : host
  return {
    server,
    port,
    url: `${tls ? 'https' : 'http'}://${name}:${port}`,
    get connections() {
      return connections
    },
  }
}

/** Bare TCP; its port, or 0 where it listens at a path. Its sockets are destroyed when the test ends. */
export async function serveTcp(onSocket: (socket: Socket) => unknown, path?: string): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  })
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** All of a request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}

/** What it says of a request, as JSON: method, url, rawHeaders, and the body as text. */
export const mirror: RequestListener = async (request, response) => {
  const { method, url, rawHeaders } = request
  const body = (await bodyOf(request)).toString()
  response.setHeader('Content-Type', 'application/json')
  response.end(JSON.stringify({ method, url, rawHeaders, body, address: request.socket.remoteAddress }))
}

export interface Mirrored {
  method: string
  url: string
  rawHeaders: string[]
  body: string
  address: string
}

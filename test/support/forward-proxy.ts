// A small HTTP proxy on a free port of 127.0.0.1: it passes on what comes in absolute-form, and opens tunnels. It changes
// nothing, so that a target sees whatever its client let slip. Gone when the test ends.
//
//   const proxy = await startForwardProxy({ credentials: 'ann:secret' })
//   proxy.url                              'http://127.0.0.1:…', https://localhost:… with tls
//   proxy.asked                            each request-line's method and target, and the fields, as they came
//   proxy.connections                      how many it has accepted so far
//   startForwardProxy({ onConnect: (socket, asked) => socket.end('HTTP/1.1 403 No\r\n\r\n') })
import { request as askTarget, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ServerOptions } from 'node:https'
import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { serveNode } from './node-server.js'

export interface Asked {
  method: string
  target: string
  /** Names and values in turn. */
  rawHeaders: string[]
  /** Lower-case names. */
  headers: IncomingMessage['headers']
}

export interface ForwardProxy {
  readonly port: number
  readonly url: string
  readonly asked: Asked[]
  readonly connections: number
}

interface Options {
  tls?: ServerOptions
  /** Whom it serves; everybody, where nobody is named. */
  credentials?: string
  /** What it does with CONNECT, instead of opening a tunnel. */
  onConnect?: (socket: Socket, asked: Asked) => unknown
}

export async function startForwardProxy({
  tls,
  credentials,
  onConnect = openTunnel,
}: Options = {}): Promise<ForwardProxy> {
  const asked: Asked[] = []
  const isKnown = ({ headers }: IncomingMessage): boolean =>
    credentials === undefined || headers['proxy-authorization'] === basic(credentials)
  const served = await serveNode((request, response) => {
    asked.push(askedOf(request))
    if (isKnown(request)) passOn(request, response)
    else response.writeHead(407, { 'Proxy-Authenticate': 'Basic realm="a proxy"' }).end('who?')
  }, tls && { tls })
  const sockets = new Set<Socket>()
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  served.server.on('connect', (request: IncomingMessage, socket: Socket) => {
    sockets.add(socket.on('error', () => socket.destroy()))
    asked.push(askedOf(request))
    if (isKnown(request)) onConnect(socket, asked.at(-1)!)
    else socket.end('HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm="a proxy"\r\n\r\n')
  })
  return Object.assign(served, { asked })
}

export const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`

const askedOf = ({ method, url, rawHeaders, headers }: IncomingMessage): Asked => ({
  method: method!,
  target: url!,
  rawHeaders,
  headers,
})

function passOn(request: IncomingMessage, response: ServerResponse): void {
  const { hostname, port, pathname, search } = new URL(request.url!)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const { method, rawHeaders: headers } = request
  const options = { host, port, path: pathname + search, method: method!, headers, setHost: false }
  const asking = askTarget(options, (answer) => {
    response.writeHead(answer.statusCode!, answer.rawHeaders)
    answer.on('error', () => response.destroy()).pipe(response)
  })
  asking.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end('gone')))
  request.pipe(asking)
}

export function openTunnel(socket: Socket, { target }: Asked): void {
  const { hostname, port } = new URL(`http://${target}`)
  const way = connect(Number(port || 80), hostname.replace(/^\[(.*)\]$/, '$1'))
  way.once('connect', () => {
    socket.write('HTTP/1.1 200 Go on\r\n\r\n')
    way.pipe(socket).pipe(way)
  })
  way.on('error', () => (way.pending ? socket.end('HTTP/1.1 502 Gone\r\n\r\n') : socket.destroy()))
  way.once('close', () => socket.destroySoon())
  socket.once('close', () => way.destroy())
}

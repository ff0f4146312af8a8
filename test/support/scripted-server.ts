// A raw server: each connection it accepts is a script in the hands of a test, which reads requests with a strict little
// parser of its own that shares nothing with the code under test, and answers with the very bytes it likes. A request
// that breaks a rule in any way is a rejection, not a value.
//
//   const server = await scriptedServer()                     on 127.0.0.1, port 0; gone when the test ends
//   const server = await scriptedServer({ tls: { key, cert } })      or { path: '/a/socket' }, or { host: '::1' }
//   const connection = await server.accept()                  the next one, in the order they came
//   server.url('/a')                                          http(s)://127.0.0.1:port/a, https://localhost:… with tls
//   server.accepted  server.open                              connections so far; and those the client has not closed
//   server.requests                                           read so far, on any connection, in their order
//
//   const server = await scriptedServer({}, async (connection) => { … })     runs for every connection. What it throws
//                                                             fails the test, but for connections that ended early
//   const server = await scriptedServer({}, answering(() => ok('hello')))    this for every request, on kept connections
//
//   const server = await openScriptedServer({}, …)            the same outside a test; server.close() is yours to call
//
// A connection is a RawPeer, with its send, flushed, finish, reset, destroy, pause, resume, take, line, closed …, and:
//
//   const request = await connection.request()                the next one, with its body
//   const head = await connection.head()                      only the head, then
//   await connection.body(head)                               its body; or take() what you like of it
//   await connection.drip(bytes)                              byte by byte; each is read alone
//   await connection.sendCut(bytes, [3, 9])                   in pieces that end at these positions
//   connection.index                                          0 for the first the server accepted
//
//   ok('hello')  answer('404 Not Found', 'no', ['X-A: b'])    bytes of an answer, Content-Length stated
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import { drip, sendPieces } from './drip-feed.js'
import { allNamed, oneNamed } from './field-list.js'
import { CutShort, RawPeer } from './raw-peer.js'

const WAIT_MS = 10_000

type Bytes = string | Uint8Array

export interface ScriptedHead {
  method: string
  target: string
  /** Fields as they came, in their order. */
  headers: [name: string, value: string][]
  /** The value of a field, in any case of its name. @throws where it came more than once */
  header(name: string): string | undefined
  /** The values of all fields of this name. */
  headerAll(name: string): string[]
  /** What says where the body ends. */
  framing: 'none' | 'length' | 'chunked'
  /** The very bytes, as Latin-1. */
  raw: string
  /** Of the connection it came on. */
  connection: number
}

export interface ScriptedRequest extends ScriptedHead {
  /** The body, its chunks joined. */
  body: Buffer
  /** The body as UTF-8. */
  text: string
  /** Sizes of the chunks, the last (0) left out. */
  chunks: number[]
}

export type Script = (connection: ScriptedConnection) => unknown

export interface ScriptedOptions {
  host?: string
  port?: number
  /** Of a Unix socket, instead of host and port. */
  path?: string
  tls?: TlsOptions
}

/** Listens until the test ends. */
export async function scriptedServer(
  options: ScriptedOptions = {},
  script?: Script,
): Promise<ScriptedServer> {
  const server = await openScriptedServer(options, script)
  onTestFinished(() => server.close())
  return server
}

/** Listens until whoever calls this closes it. */
export async function openScriptedServer(
  options: ScriptedOptions = {},
  script?: Script,
): Promise<ScriptedServer> {
  const server = new ScriptedServer(options, script)
  await server.listen()
  return server
}

/** A script that reads request after request and sends what `respond` returns for each; undefined sends nothing. */
export function answering(
  respond: (
    request: ScriptedRequest,
    connection: ScriptedConnection,
  ) => Bytes | undefined | Promise<Bytes | undefined>,
): Script {
  return async (connection) => {
    for (;;) {
      const bytes = await respond(await connection.request(), connection)
      if (bytes !== undefined) connection.send(bytes)
    }
  }
}

/** A 200 with this body. */
export function ok(body = '', fields: readonly string[] = []): string {
  return answer('200 OK', body, fields)
}

/** An answer with this status and reason, body and field-lines; its Content-Length is stated. */
export function answer(status: string, body = '', fields: readonly string[] = []): string {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, '', '']
  return lines.join('\r\n') + body
}

export class ScriptedServer {
  /** Connections so far. */
  accepted = 0
  readonly requests: ScriptedRequest[] = []
  private readonly options: ScriptedOptions
  private readonly script: Script | undefined
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  /** By the client's port, which a later connection may have again while the server still holds an earlier one. */
  private readonly newest = new Map<number | undefined, Socket>()
  private readonly live = new Set<Socket>()
  private readonly waiting: ScriptedConnection[] = []
  private readonly failures: unknown[] = []
  private readonly takers: ((connection: ScriptedConnection) => void)[] = []
  private port_ = 0

  constructor(options: ScriptedOptions, script: Script | undefined) {
    this.options = options
    this.script = script
    const common = { allowHalfOpen: true, noDelay: true }
    const onSocket = (socket: Socket): void => this.onSocket(socket)
    this.server = options.tls
      ? createTlsServer({ ...common, ...options.tls }, onSocket)
      : createServer(common, onSocket)
    // A handshake that fails is the client's to tell.
    this.server.on('tlsClientError', () => {})
    this.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket)
      this.newest.set(socket.remotePort, socket)
      socket.once('close', () => this.sockets.delete(socket))
    })
  }

  async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0, path } = this.options
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      if (path === undefined) this.server.listen(port, host, resolve)
      else this.server.listen(path, resolve)
    })
    const address = this.server.address()
    if (typeof address === 'object' && address) this.port_ = address.port
  }

  /** Closes it and all its connections. @throws what a script threw */
  async close(): Promise<void> {
    for (const socket of [...this.sockets, ...this.live]) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
    if (this.failures.length > 0) throw this.failures[0]
  }

  /** Accepts no more connections; those there are live on. */
  stopListening(): void {
    this.server.close()
  }

  get port(): number {
    return this.port_
  }

  /** Connections that the client has not closed, as far as the server has read. */
  get open(): number {
    return this.live.size
  }

  url(path = '/'): string {
    const { tls, host = '127.0.0.1', path: socketPath } = this.options
    if (socketPath !== undefined) return `http://localhost${path}`
    const name = tls ? 'localhost' : host.includes(':') ? `[${host}]` : host
    return `${tls ? 'https' : 'http'}://${name}:${this.port}${path}`
  }

  /** The next connection, in the order they came. Only without a script. */
  accept(): Promise<ScriptedConnection> {
    const connection = this.waiting.shift()
    if (connection) return Promise.resolve(connection)
    return new Promise((resolve, reject) => {
      const taker = (next: ScriptedConnection): void => {
        clearTimeout(timer)
        resolve(next)
      }
      const giveUp = (): void => {
        this.takers.splice(this.takers.indexOf(taker), 1)
        reject(new Error(`no connection came, after ${this.accepted}`))
      }
      const timer = setTimeout(giveUp, WAIT_MS)
      this.takers.push(taker)
    })
  }

  private onSocket(socket: Socket): void {
    this.live.add(socket)
    for (const event of ['end', 'close']) socket.once(event, () => this.live.delete(socket))
    const connection = new ScriptedConnection(socket, this.wireOf(socket), this.accepted++, this.requests)
    const taker = this.takers.shift()
    if (this.script) void this.play(connection, this.script)
    else if (taker) taker(connection)
    else this.waiting.push(connection)
  }

  // The socket under TLS, which alone can be reset.
  private wireOf(secured: Socket): Socket {
    return this.options.tls ? this.newest.get(secured.remotePort)! : secured
  }

  private async play(connection: ScriptedConnection, script: Script): Promise<void> {
    try {
      await script(connection)
    } catch (error) {
      // A client that leaves between two requests, or before it has sent one whole, is no fault of a script.
      if (error instanceof CutShort) connection.finish()
      else this.failures.push(error)
    }
  }
}

export class ScriptedConnection extends RawPeer {
  readonly index: number
  private readonly wire: Socket
  private readonly requests: ScriptedRequest[]
  private read: Buffer[] = []

  constructor(socket: Socket, wire: Socket, index: number, requests: ScriptedRequest[]) {
    super(socket)
    this.wire = wire
    this.index = index
    this.requests = requests
  }

  /** The next request, with its body. */
  async request(): Promise<ScriptedRequest> {
    return this.body(await this.head())
  }

  /** The next request's head. */
  async head(): Promise<ScriptedHead> {
    this.read = []
    const line = await this.line()
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.1$/.exec(line)
    if (!match) throw new Error(`a bad request-line: ${JSON.stringify(line)}`)
    const headers = await readFields(this)
    const head = new ParsedHead(match[1]!, match[2]!, headers, this.index)
    head.framing = framingOf(head)
    head.raw = this.takeRead()
    return head
  }

  /** The body of the head that was read last; the request is among the server's from here on. */
  async body(head: ScriptedHead): Promise<ScriptedRequest> {
    this.read = []
    const chunks: number[] = []
    let body: Buffer = Buffer.alloc(0)
    if (head.framing === 'length') body = await this.take(Number(head.header('content-length')))
    else if (head.framing === 'chunked') body = await readChunked(this, chunks)
    const raw = head.raw + this.takeRead()
    const request = Object.assign(head, { body, text: body.toString(), chunks, raw })
    this.requests.push(request)
    return request
  }

  override reset(): void {
    this.wire.resetAndDestroy()
  }

  /** Sends byte by byte, each for itself. */
  drip(data: Bytes): Promise<void> {
    return drip(this, data)
  }

  /** Sends in pieces that end at these positions, which ascend, each for itself. */
  sendCut(data: Bytes, positions: readonly number[]): Promise<void> {
    const bytes = Buffer.from(data as string, 'latin1')
    const ends = [...positions, bytes.length]
    return sendPieces(
      this,
      ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)),
    )
  }

  override async take(length: number): Promise<Buffer> {
    const bytes = await super.take(length)
    this.read.push(bytes)
    return bytes
  }

  override async line(): Promise<string> {
    const line = await super.line()
    this.read.push(Buffer.from(`${line}\r\n`, 'latin1'))
    return line
  }

  private takeRead(): string {
    const raw = Buffer.concat(this.read).toString('latin1')
    this.read = []
    return raw
  }
}

// The parser (RFC 9112 §3 to §7), stricter than a server needs to be: what this client should never send is an error.

class ParsedHead implements ScriptedHead {
  readonly method: string
  readonly target: string
  readonly headers: [string, string][]
  readonly connection: number
  framing: ScriptedHead['framing'] = 'none'
  raw = ''

  constructor(method: string, target: string, headers: [string, string][], connection: number) {
    this.method = method
    this.target = target
    this.headers = headers
    this.connection = connection
  }

  header(name: string): string | undefined {
    return oneNamed(this.headers, name)
  }

  headerAll(name: string): string[] {
    return allNamed(this.headers, name)
  }
}

async function readFields(connection: RawPeer): Promise<[string, string][]> {
  const fields: [string, string][] = []
  for (let line = await connection.line(); line !== ''; line = await connection.line()) {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(?: ([\t\x20-\x7e\x80-\xff]*))?$/.exec(line)
    if (!match) throw new Error(`a bad field-line: ${JSON.stringify(line)}`)
    const [, name = '', value = ''] = match
    if (value !== value.trim()) throw new Error(`white space around a value: ${JSON.stringify(line)}`)
    fields.push([name, value])
  }
  return fields
}

function framingOf(head: ScriptedHead): ScriptedHead['framing'] {
  const host = head.header('host')
  const length = head.header('content-length')
  const coding = head.header('transfer-encoding')
  if (host === undefined) throw new Error('no Host')
  if (head.headers[0]![0] !== 'Host') throw new Error(`the first field is no Host but ${head.headers[0]![0]}`)
  if (length !== undefined && !/^(0|[1-9]\d*)$/.test(length))
    throw new Error(`a bad Content-Length: ${length}`)
  if (coding !== undefined && coding !== 'chunked') throw new Error(`a bad coding: ${coding}`)
  if (length !== undefined && coding !== undefined)
    throw new Error('both Content-Length and Transfer-Encoding')
  return coding !== undefined ? 'chunked' : length !== undefined ? 'length' : 'none'
}

async function readChunked(connection: RawPeer, chunks: number[]): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (;;) {
    const line = await connection.line()
    if (!/^(0|[1-9a-f][0-9a-f]*)$/i.test(line)) throw new Error(`a bad chunk size: ${JSON.stringify(line)}`)
    const size = Number.parseInt(line, 16)
    if (size === 0) break
    chunks.push(size)
    pieces.push(await connection.take(size))
    const end = await connection.line()
    if (end !== '') throw new Error(`chunk data not followed by CRLF: ${JSON.stringify(end)}`)
  }
  const trailers = await readFields(connection)
  if (trailers.length > 0) throw new Error(`trailers nobody asked for: ${JSON.stringify(trailers)}`)
  return Buffer.concat(pieces)
}

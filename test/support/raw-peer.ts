// A raw client: it sends the very bytes it is told to, and reads answers with a strict little parser of its own, which
// shares nothing with the code under test. An answer whose framing is wrong in any way is a rejection, not a value.
//
//   const server = await serve((req) => ({ body: req.uri }))      on 127.0.0.1, port 0; stopped when the test ends
//   server.errors  server.warnings  server.events                 what its loggers were told so far
//
//   const peer = await connectPeer(server.port)                    or a Unix socket's path, or { port, host, tls }
//   peer.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')                 text as Latin-1, or bytes; chains
//   await peer.flushed()                                           the kernel has taken what was sent
//   const answer = await peer.response()                           the next one, interim (1xx) ones too
//   const answer = await peer.response('HEAD')                     to a request whose method matters: HEAD, CONNECT
//   const answers = await peer.responses(3)                        the next three, to GETs and the like
//   const answers = await peer.responsesUntilEnd()                 all until the server's FIN, which must come
//   await peer.ended()                                             FIN and nothing before it; a reset rejects
//   const partial = await peer.cutResponse()                       an answer that must break off before its end
//   await peer.closed()                                            'fin' or 'reset', whichever comes; discards bytes
//   const line = await peer.line()                                 one line without its CRLF
//   const bytes = await peer.take(10)                              exactly ten bytes
//   peer.unread                                                    bytes that came and were not asked for yet
//   peer.pause()  peer.resume()                                    stop and go on reading the socket
//   peer.finish()                                                  half-close: we send no more, and read on
//   peer.reset()  peer.destroy()                                   RST; close. A test's peers are destroyed at its end
//   peer.socket                                                    for whatever else a test wants
//
//   const answer = await ask(server.port, 'GET / …')               connect, send, read one answer, leave
//
//   await eventually(() => server.stats().connections).toBe(0)     expect.poll with the patience of the other waits
//
// The server's FIN does not close our side. Every wait gives up after WAIT_MS and says what had come by then.
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { expect, onTestFinished } from 'vitest'
import { type Handler, type HttpServer, runServer, type ServerOptions } from '../../src/server.js'
import { allNamed, oneNamed } from './field-list.js'

const WAIT_MS = 10_000

export interface RawResponse {
  status: number
  reason: string
  /** Fields as they came, in their order. */
  headers: [name: string, value: string][]
  /** What said where the body ends. */
  framing: 'none' | 'length' | 'chunked' | 'close'
  /** The body, its chunks joined. */
  body: Buffer
  /** The body as UTF-8. */
  readonly text: string
  /** Sizes of the chunks, the last (0) left out; empty where the framing is another. */
  chunks: number[]
  trailers: [name: string, value: string][]
  /** The value of a field, in any case of its name. @throws where it came more than once */
  header(name: string): string | undefined
  /** The values of all fields of this name. */
  headerAll(name: string): string[]
}

export type PeerAddress = number | string | { port: number; host?: string; tls?: ConnectionOptions }

/** The connection ended while something was still to come; `response` is what there was of it. */
export class CutShort extends Error {
  readonly response: RawResponse | undefined

  constructor(message: string, response?: RawResponse) {
    super(message)
    this.name = 'CutShort'
    this.response = response
  }
}

/** Connects; the peer is destroyed when the test ends. */
export async function connectPeer(address: PeerAddress): Promise<RawPeer> {
  const { socket, event } = openSocket(address)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject).once(event, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  const peer = new RawPeer(socket)
  onTestFinished(() => peer.destroy())
  return peer
}

function openSocket(address: PeerAddress): { socket: Socket; event: string } {
  const common = { allowHalfOpen: true, noDelay: true }
  if (typeof address === 'string') return { socket: connect({ ...common, path: address }), event: 'connect' }
  const { port, host = '127.0.0.1', tls } = typeof address === 'number' ? { port: address } : address
  if (!tls) return { socket: connect({ ...common, port, host }), event: 'connect' }
  return { socket: connectTls({ ...common, port, host, ...tls }), event: 'secureConnect' }
}

/** One request on a connection of its own. `method` matters where it is HEAD or CONNECT. */
export async function ask(address: PeerAddress, request: string | Uint8Array): Promise<RawResponse> {
  const peer = await connectPeer(address)
  const method = Buffer.from(request).toString('latin1', 0, 8).split(' ', 1)[0]!
  const response = await peer.send(request).response(method)
  peer.destroy()
  return response
}

function connected(socket: Socket): Promise<void> {
  if (!socket.connecting) return Promise.resolve()
  return new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
}

export class RawPeer {
  readonly socket: Socket
  private pieces: Buffer[] = []
  private ending: 'fin' | 'reset' | undefined
  private wake: (() => void) | undefined
  private failure: Error | undefined
  private leaving: Promise<void>

  constructor(socket: Socket) {
    this.socket = socket
    this.leaving = connected(socket)
    this.leaving.catch(() => {})
    socket.on('data', (piece: Buffer) => {
      this.pieces.push(piece)
      this.wake?.()
    })
    socket.on('end', () => this.onEnding('fin'))
    socket.on('error', (error) => {
      this.failure = error
      this.onEnding('reset')
    })
    socket.on('close', () => this.onEnding('reset'))
  }

  private onEnding(ending: 'fin' | 'reset'): void {
    this.ending ??= ending
    this.wake?.()
  }

  // Sending

  send(data: string | Uint8Array): this {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    // In Deno 2.9.5 an empty write ends a TLS socket.
    if (bytes.length === 0) return this
    this.leaving = new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => (error ? reject(error) : resolve()))
    })
    this.leaving.catch(() => {})
    return this
  }

  /** Settles when the connection is there, and the kernel has taken what was sent last; rejects where it never will. */
  flushed(): Promise<void> {
    return this.leaving
  }

  finish(): this {
    this.socket.end()
    return this
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  // Reading

  pause(): this {
    this.socket.pause()
    return this
  }

  resume(): this {
    this.socket.resume()
    return this
  }

  get unread(): Buffer {
    if (this.pieces.length !== 1) this.pieces = [Buffer.concat(this.pieces)]
    return this.pieces[0]!
  }

  private get unreadBytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  async take(length: number): Promise<Buffer> {
    await this.until(() => this.unreadBytes >= length, `${length} bytes`)
    return this.remove(length)
  }

  async line(): Promise<string> {
    await this.until(() => this.pieces.some((piece) => piece.includes(0x0a)), 'a line')
    const line = this.remove(this.unread.indexOf(0x0a) + 1).toString('latin1')
    if (!/^[^\r\n]*\r\n$/.test(line)) throw new Error(`a line that does not end with CRLF: ${show(line)}`)
    return line.slice(0, -2)
  }

  private remove(length: number): Buffer {
    const { unread } = this
    this.pieces = [unread.subarray(length)]
    return unread.subarray(0, length)
  }

  private async until(isThere: () => boolean, wanted: string): Promise<void> {
    const giveUpAt = performance.now() + WAIT_MS
    while (!isThere()) {
      if (this.ending) {
        const how = this.ending === 'fin' ? 'FIN' : `a reset (${this.failure?.message ?? 'closed'})`
        throw new CutShort(`${how} instead of ${wanted}, after ${show(this.unread)}`)
      }
      if (performance.now() >= giveUpAt) throw new Error(`no ${wanted} came, only ${show(this.unread)}`)
      await this.nextEvent(giveUpAt)
    }
  }

  private nextEvent(giveUpAt: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, giveUpAt - performance.now()))
      this.wake = () => {
        clearTimeout(timer)
        this.wake = undefined
        resolve()
      }
    })
  }

  async response(method = 'GET'): Promise<RawResponse> {
    const response = new ParsedResponse()
    try {
      await readResponse(this, method, response)
    } catch (error) {
      if (error instanceof CutShort) throw new CutShort(error.message, response)
      throw error
    }
    return response
  }

  async responses(count: number): Promise<RawResponse[]> {
    const responses: RawResponse[] = []
    while (responses.length < count) responses.push(await this.response())
    return responses
  }

  /** All answers until the server's FIN; bytes that are no whole answer, or a reset, reject. */
  async responsesUntilEnd(): Promise<RawResponse[]> {
    const responses: RawResponse[] = []
    while (await this.hasMore()) responses.push(await this.response())
    await this.ended()
    return responses
  }

  private async hasMore(): Promise<boolean> {
    await this.until(() => this.unreadBytes > 0 || this.ending !== undefined, 'a byte or the end')
    return this.unreadBytes > 0
  }

  /** Settles with the server's FIN; bytes before it, or a reset, reject. */
  async ended(): Promise<void> {
    const rest = await this.bytesUntilEnd()
    if (rest.length > 0) throw new Error(`bytes before the end: ${show(rest)}`)
  }

  /** All bytes until the server's FIN; a reset rejects. */
  async bytesUntilEnd(): Promise<Buffer> {
    await this.until(() => this.ending === 'fin', 'FIN')
    return this.remove(this.unreadBytes)
  }

  /** Settles when the connection ends, in whichever way; what came before is discarded. */
  async closed(): Promise<'fin' | 'reset'> {
    await this.until(() => this.ending !== undefined, 'the end')
    this.pieces = []
    return this.ending!
  }

  /** An answer that breaks off, with FIN or reset: its head must be whole, its body is what came of it. */
  async cutResponse(method = 'GET'): Promise<RawResponse> {
    try {
      const whole = await this.response(method)
      if (whole.framing !== 'close') throw new Error(`the answer is whole: ${show(whole.body)}`)
      throw new Error('a body until close cannot be seen to break off')
    } catch (error) {
      if (error instanceof CutShort && error.response && error.response.status > 0) return error.response
      throw error
    }
  }

  /** @internal for the parser */
  async piece(most: number): Promise<Buffer> {
    await this.until(() => this.unreadBytes > 0, `${most} bytes of a body`)
    return this.remove(Math.min(most, this.unreadBytes))
  }
}

// The parser (RFC 9112 §4 to §7), stricter than a client needs to be: what this server should never send is an error.

class ParsedResponse implements RawResponse {
  status = 0
  reason = ''
  headers: [string, string][] = []
  framing: RawResponse['framing'] = 'none'
  chunks: number[] = []
  trailers: [string, string][] = []
  private readonly pieces: Buffer[] = []

  append(piece: Buffer): void {
    this.pieces.push(piece)
  }

  get body(): Buffer {
    return Buffer.concat(this.pieces)
  }

  get text(): string {
    return this.body.toString()
  }

  header(name: string): string | undefined {
    return oneNamed(this.headers, name)
  }

  headerAll(name: string): string[] {
    return allNamed(this.headers, name)
  }
}

async function readResponse(peer: RawPeer, method: string, response: ParsedResponse): Promise<void> {
  const statusLine = await peer.line()
  const match = /^HTTP\/1\.1 ([1-9]\d\d) ([\t\x20-\x7e\x80-\xff]*)$/.exec(statusLine)
  if (!match) throw new Error(`a bad status-line: ${show(statusLine)}`)
  const headers = await readFields(peer)
  Object.assign(response, { status: Number(match[1]), reason: match[2], headers })
  response.framing = framingOf(method, response)
  if (response.framing === 'length')
    await readLength(peer, response, Number(response.header('content-length')))
  else if (response.framing === 'chunked') await readChunked(peer, response)
  else if (response.framing === 'close') response.append(await peer.bytesUntilEnd())
}

async function readFields(peer: RawPeer): Promise<[string, string][]> {
  const fields: [string, string][] = []
  for (let line = await peer.line(); line !== ''; line = await peer.line()) {
    const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(line)
    if (!match) throw new Error(`a bad field-line: ${show(line)}`)
    fields.push([match[1]!, match[2]!])
  }
  return fields
}

function framingOf(method: string, response: ParsedResponse): RawResponse['framing'] {
  const { status } = response
  const length = response.header('content-length')
  const coding = response.header('transfer-encoding')
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`a bad Content-Length: ${show(length)}`)
  if (coding !== undefined && coding !== 'chunked') throw new Error(`a bad coding: ${show(coding)}`)
  if (length !== undefined && coding !== undefined)
    throw new Error('both Content-Length and Transfer-Encoding')
  const isBare = status < 200 || status === 204 || (method === 'CONNECT' && status < 300)
  if (isBare && (length ?? coding) !== undefined) throw new Error(`framing in an answer of ${status}`)
  if (isBare || status === 304 || method === 'HEAD') return 'none'
  if (status === 205 && length !== '0') throw new Error('a 205 that is not empty')
  if (coding !== undefined) return 'chunked'
  if (length !== undefined) return 'length'
  if (response.header('connection') !== 'close')
    throw new Error('a body until close, without Connection: close')
  return 'close'
}

async function readLength(peer: RawPeer, response: ParsedResponse, length: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const piece = await peer.piece(left)
    response.append(piece)
    left -= piece.length
  }
}

async function readChunked(peer: RawPeer, response: ParsedResponse): Promise<void> {
  for (;;) {
    const line = await peer.line()
    if (!/^(0|[1-9a-f][0-9a-f]*)$/i.test(line)) throw new Error(`a bad chunk size: ${show(line)}`)
    const size = Number.parseInt(line, 16)
    if (size === 0) break
    response.chunks.push(size)
    await readLength(peer, response, size)
    const end = await peer.line()
    if (end !== '') throw new Error(`chunk data not followed by CRLF: ${show(end)}`)
  }
  response.trailers = await readFields(peer)
}

function show(bytes: Buffer | string): string {
  const text = typeof bytes === 'string' ? bytes : bytes.toString('latin1')
  return JSON.stringify(text.length > 500 ? `${text.slice(0, 500)}… (${text.length} bytes)` : text)
}

/** Expects it of what `probe` returns, now or soon. */
export function eventually<T>(probe: () => T) {
  return expect.poll(probe, { timeout: WAIT_MS, interval: 10 })
}

// The other end of a test.

export interface TestServer extends HttpServer {
  readonly errors: { message: string; error: unknown }[]
  readonly warnings: { message: string; error: unknown }[]
  readonly events: string[]
}

/** Runs a server on a free port of 127.0.0.1, unless told otherwise, and stops it when the test ends. */
export async function serve(handler: Handler, options: ServerOptions = {}): Promise<TestServer> {
  const log = {
    errors: [] as TestServer['errors'],
    warnings: [] as TestServer['warnings'],
    events: [] as string[],
  }
  const server = await runServer(handler, {
    ...(options.path === undefined && { ip: '127.0.0.1', port: 0 }),
    errorLogger: (message, error) => log.errors.push({ message, error }),
    warnLogger: (message, error) => log.warnings.push({ message, error }),
    eventLogger: (name) => log.events.push(name),
    ...options,
  })
  onTestFinished(() => server.stop())
  return Object.assign(server, log)
}

// A server that writes down what comes, byte by byte, and answers what it is told to. Its parser is strict and shares nothing
// with the code under test: a request that is not framed as RFC 9112 wants it fails the test.
//
//   const server = await record()                              answers 200 'ok'; gone when the test ends
//   const server = await record((req) => ({ status: 404 }))    see Answer; may return a promise
//   server.url                                                 'http://127.0.0.1:12345'
//   server.requests                                            those that came whole, in their order
//   server.last                                                the latest of them
//   server.cut                                                 those that broke off, as far as they came
//   server.accepted  server.open                               connections, so far and now
//
//   const url = await listen((socket) => socket.pause())       a server that does with connections what the test likes
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import { allNamed, oneNamed } from './field-list.js'

export interface RecordedRequest {
  /** Request-line and field-lines as they came, each with its CRLF, as Latin-1; without the empty line. */
  head: string
  method: string
  target: string
  fields: [name: string, value: string][]
  framing: 'none' | 'length' | 'chunked'
  body: Buffer
  readonly text: string
  /** Sizes of the chunks, the last (0) left out. */
  chunks: number[]
  /** Which of the connections, from 0. */
  connection: number
  /** @throws where it came more than once */
  header(name: string): string | undefined
  headerAll(name: string): string[]
}

export type Pieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** A body as text or bytes has a Content-Length; one of pieces is chunked, each piece a chunk that leaves alone. */
export interface MappedAnswer {
  status?: number
  headers?: Readonly<Record<string, string | readonly string[]>>
  body?: string | Uint8Array | Pieces
}

/** These very bytes; pieces leave one by one. Where `end` is set the connection ends behind them. */
export interface RawAnswer {
  raw: string | Uint8Array | Pieces
  end?: boolean
}

export type Answer = string | MappedAnswer | RawAnswer

export interface RecordingServer {
  readonly port: number
  readonly url: string
  readonly requests: RecordedRequest[]
  readonly last: RecordedRequest
  readonly cut: RecordedRequest[]
  readonly accepted: number
  readonly open: number
}

type Answering = (request: RecordedRequest) => Answer | Promise<Answer>

/** Listens on a free port of 127.0.0.1, unless told otherwise. */
export async function record(
  answering: Answering = () => 'ok',
  { tls, host = '127.0.0.1' }: { tls?: TlsOptions; host?: string } = {},
): Promise<RecordingServer> {
  const log = new Log(answering)
  const server = tls ? createTlsServer(tls, (socket) => log.take(socket)) : createServer()
  if (!tls) server.on('connection', (socket) => log.take(socket))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, resolve))
  onTestFinished(() => log.end(server))
  const { port } = server.address() as AddressInfo
  return Object.defineProperties(log, {
    port: { value: port },
    url: { value: `http${tls ? 's' : ''}://${host.includes(':') ? `[${host}]` : host}:${port}` },
  }) as Log & { port: number; url: string }
}

/** A server of the test's own, that does with a connection what it likes; its URL. */
export async function listen(onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** An answer that sends the client elsewhere. */
export function redirect(status: number, location: string, body = ''): MappedAnswer {
  return { status, headers: { Location: location }, body }
}

/** A port of 127.0.0.1 where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

class Log {
  readonly requests: RecordedRequest[] = []
  readonly cut: RecordedRequest[] = []
  private readonly faults: unknown[] = []
  private readonly sockets = new Set<Socket>()
  private readonly answering: Answering
  accepted = 0

  constructor(answering: Answering) {
    this.answering = answering
  }

  get last(): RecordedRequest {
    const last = this.requests.at(-1)
    if (!last) throw new Error('no request has come')
    return last
  }

  get open(): number {
    return this.sockets.size
  }

  take(socket: Socket): void {
    this.sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {}).once('close', () => this.sockets.delete(socket))
    this.converse(socket, this.accepted++).catch((fault) => this.onFault(socket, fault))
  }

  private onFault(socket: Socket, fault: unknown): void {
    if (fault instanceof CutShort) {
      if (fault.request) this.cut.push(fault.request)
    } else {
      this.faults.push(fault)
    }
    socket.destroy()
  }

  private async converse(socket: Socket, connection: number): Promise<void> {
    const reader = new Reader(socket)
    for (;;) {
      const request = await readRequest(reader, connection)
      this.requests.push(request)
      const answer = await this.answering(request)
      if (!(await sendAnswer(socket, answer, request))) return
    }
  }

  async end(server: Server): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    if (this.faults.length > 0) throw this.faults[0]
  }
}

// Reading

class CutShort extends Error {
  request: Recorded | undefined
}

class Recorded implements RecordedRequest {
  head = ''
  method = ''
  target = ''
  fields: [string, string][] = []
  framing: RecordedRequest['framing'] = 'none'
  chunks: number[] = []
  readonly connection: number
  private readonly pieces: Buffer[] = []

  constructor(connection: number) {
    this.connection = connection
  }

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
    return oneNamed(this.fields, name)
  }

  headerAll(name: string): string[] {
    return allNamed(this.fields, name)
  }
}

class Reader {
  private readonly pieces: AsyncIterator<Buffer>
  private unread: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.pieces = socket.iterator({ destroyOnReturn: false })
  }

  async line(): Promise<string> {
    for (;;) {
      const end = this.unread.indexOf('\n')
      if (end >= 0) return lineOf(this.remove(end + 1).toString('latin1'))
      await this.more()
    }
  }

  /** What has come, at most so many bytes, and one at least. */
  async some(most: number): Promise<Buffer> {
    if (this.unread.length === 0) await this.more()
    return this.remove(Math.min(most, this.unread.length))
  }

  private async more(): Promise<void> {
    const { done, value } = await this.pieces.next().catch(() => ({ done: true, value: undefined }))
    if (done || value === undefined) throw new CutShort('the connection has ended')
    this.unread = this.unread.length === 0 ? value : Buffer.concat([this.unread, value])
  }

  private remove(length: number): Buffer {
    const removed = this.unread.subarray(0, length)
    this.unread = this.unread.subarray(length)
    return removed
  }
}

function lineOf(text: string): string {
  if (!/^[^\r\n]*\r\n$/.test(text)) throw new Error(`a line that does not end with CRLF: ${show(text)}`)
  return text.slice(0, -2)
}

async function readRequest(reader: Reader, connection: number): Promise<Recorded> {
  const request = new Recorded(connection)
  try {
    await readHead(reader, request)
    request.framing = framingOf(request)
    if (request.framing === 'length')
      await readLength(reader, request, Number(request.header('content-length')))
    if (request.framing === 'chunked') await readChunked(reader, request)
    return request
  } catch (error) {
    if (error instanceof CutShort && request.head !== '') error.request = request
    throw error
  }
}

async function readHead(reader: Reader, request: Recorded): Promise<void> {
  const first = await reader.line()
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/1\.1$/.exec(first)
  if (!match) throw new Error(`a bad request-line: ${show(first)}`)
  request.method = match[1]!
  request.target = match[2]!
  request.head = `${first}\r\n`
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    request.head += `${line}\r\n`
    request.fields.push(fieldOf(line))
  }
  if (request.headerAll('host').length !== 1) throw new Error(`not one Host: ${show(request.head)}`)
}

function fieldOf(line: string): [string, string] {
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(line)
  if (!match) throw new Error(`a bad field-line: ${show(line)}`)
  return [match[1]!, match[2]!]
}

function framingOf(request: Recorded): RecordedRequest['framing'] {
  const length = request.header('content-length')
  const coding = request.header('transfer-encoding')
  if (length !== undefined && coding !== undefined) throw new Error(`two framings: ${show(request.head)}`)
  if (length !== undefined && !/^\d+$/.test(length)) throw new Error(`a bad Content-Length: ${show(length)}`)
  if (coding !== undefined && coding !== 'chunked') throw new Error(`a bad coding: ${show(coding)}`)
  if (coding !== undefined) return 'chunked'
  return length === undefined ? 'none' : 'length'
}

async function readLength(reader: Reader, request: Recorded, length: number): Promise<void> {
  for (let left = length; left > 0; ) {
    const piece = await reader.some(left)
    request.append(piece)
    left -= piece.length
  }
}

async function readChunked(reader: Reader, request: Recorded): Promise<void> {
  for (;;) {
    const line = await reader.line()
    if (!/^(0|[1-9a-f][0-9a-f]*)$/i.test(line)) throw new Error(`a bad chunk size: ${show(line)}`)
    const size = Number.parseInt(line, 16)
    if (size > 0) request.chunks.push(size)
    await readLength(reader, request, size)
    const end = await reader.line()
    if (end !== '') throw new Error(`a chunk, or the last one, not followed by CRLF: ${show(end)}`)
    if (size === 0) return
  }
}

function show(text: string): string {
  return JSON.stringify(text.length > 500 ? `${text.slice(0, 500)}… (${text.length} bytes)` : text)
}

// Answering

/** @returns whether the connection goes on */
async function sendAnswer(socket: Socket, answer: Answer, request: RecordedRequest): Promise<boolean> {
  if (typeof answer === 'object' && 'raw' in answer) {
    await write(socket, answer.raw)
    if (answer.end) socket.end()
    return !answer.end
  }
  await sendMapped(socket, typeof answer === 'string' ? { body: answer } : answer, request)
  return true
}

async function sendMapped(socket: Socket, answer: MappedAnswer, { method }: RecordedRequest): Promise<void> {
  const { status = 200, headers = {}, body = '' } = answer
  const bytes =
    typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body as string) : undefined
  const mayHaveBody = status !== 204 && status !== 304
  let head = `HTTP/1.1 ${status} Reason\r\n`
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) head += `${name}: ${value}\r\n`
  }
  if (mayHaveBody) head += bytes ? `Content-Length: ${bytes.length}\r\n` : 'Transfer-Encoding: chunked\r\n'
  await write(socket, `${head}\r\n`)
  if (!mayHaveBody || method === 'HEAD') return
  if (bytes) await write(socket, bytes)
  else await write(socket, chunksOf(body as Pieces))
}

async function* chunksOf(pieces: Pieces): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece as string)
    const size = `${bytes.length.toString(16)}\r\n`
    if (bytes.length > 0) yield Buffer.concat([Buffer.from(size), bytes, Buffer.from('\r\n')])
  }
  yield Buffer.from('0\r\n\r\n')
}

async function write(socket: Socket, data: string | Uint8Array | Pieces): Promise<void> {
  if (typeof data !== 'string' && !(data instanceof Uint8Array)) {
    for await (const piece of data) await write(socket, piece)
    return
  }
  if (data.length === 0) return
  if (socket.destroyed) throw new CutShort('nobody reads the answer')
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
  // The next piece is to arrive alone, and no sooner than the kernel takes this one.
  await new Promise<void>((resolve) => void socket.write(bytes, () => setImmediate(resolve)))
}

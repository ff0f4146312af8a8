// A raw WebSocket peer (RFC 6455), client or server: it sends the very frames it is told to, illegal ones too, and
// reads with a strict little frame reader of its own, which shares nothing with the code under test. A frame that the
// other side must not send is a rejection, not a value.
//
//   const peer = await connectRawWebSocket(server.port)            handshake done, its 101 checked; gone after the test
//   connectRawWebSocket(address, { path: '/chat', headers: { Origin: 'x', 'Sec-WebSocket-Protocol': 'a, b' } })
//   peer.answer                                                    the 101, a RawResponse
//   await connectWithFrames(address, text('early'))                one write of the handshake and these; the answer is
//                                                                  still to be read, by peer.tcp.response()
//
//   const server = await serveRawWebSocket()                       a server on 127.0.0.1; closed after the test
//   const peer = await server.peer()                               the next client, its request checked and answered
//   await serveRawWebSocket(async (peer) => {…})                   called for each instead; its errors fail the test
//   serveRawWebSocket(undefined, { headers: {…}, tls: { key, cert }, answer: (request) => 'HTTP/1.1 200 …' })
//   server.url  server.port  peer.request  peer.key                'ws://127.0.0.1:…' or wss; { target, headers }
//
//   peer.send(text('Hel', { fin: false }), continuation('lo'))     one write of all; chains
//   peer.send(binary(bytes), ping('x'), pong(), close(), close(1000, 'bye'))
//   peer.send({ opcode: 3, fin, rsv: 0b100, payload })             anything; rsv as three bits, RSV1 is 4
//   peer.send(text('x', { masked: false }))                        default: a client masks, a server does not
//   peer.send(text('x', { maskingKey: [1, 2, 3, 4] }))             default: random
//   peer.send(text('x', { lengthSize: 8 }))                        length in 0, 2 or 8 further bytes; default: fewest
//   peer.send(text('', { length: 2n ** 63n }))                     a declared length other than the payload's
//   await peer.sendApart(ping(), text('x'))                        each to be read alone, frame by frame
//   await peer.sendInChops(1, ping(), text('x'))                   likewise, in pieces of so many bytes
//   peer.sendRaw(bytes)                                            anything; peer.encode(frame) are a frame's bytes
//
//   const { fin, rsv, opcode, payload } = await peer.frame()       the next one; RSV1 may be set where deflate is agreed
//   const { opcode, payload, rsv, frames } = await peer.message()  fragments joined; a control frame instead rejects
//   textOf(await peer.message())                                   its payload as text
//   await peer.pong()  await peer.ping()                           the payload of the next frame, which must be one
//   const { code, reason } = await peer.closeFrame()               likewise; code undefined where it is empty
//   await peer.closed()                                            'fin' or 'reset'; a byte before it rejects
//   peer.tcp                                                       the RawPeer below: finish, reset, pause, resume, take…
//
// To be refused: `connectPeer(port)`, send `handshakeRequest({ headers: { 'Sec-WebSocket-Key': undefined } })`, and read
// the answer. Every wait gives up as in raw-peer.ts.
import { createHash, randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { onTestFinished } from 'vitest'
import { encode, mask, Opcode, type RawFrame, shortest } from './raw-frames.js'
import { CutShort, connectPeer, type PeerAddress, RawPeer, type RawResponse } from './raw-peer.js'

export * from './raw-frames.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const RSV1 = 0b100

// The peer.

export interface ReadFrame {
  fin: boolean
  rsv: number
  opcode: number
  payload: Buffer
}

export interface ReadMessage {
  opcode: number
  payload: Buffer
  /** Of its first frame. */
  rsv: number
  /** How many frames it came in. */
  frames: number
}

export function textOf({ payload }: ReadMessage): string {
  return payload.toString()
}

export interface RawRequest {
  target: string
  /** Names in lower case; one that came twice has been refused. */
  headers: Readonly<Record<string, string>>
}

export class RawWebSocket {
  readonly tcp: RawPeer
  readonly isClient: boolean
  private readonly mayDeflate: boolean
  /** What `frame` has read of a fragmented message. */
  private unfinished: { utf8: TextDecoder | undefined } | undefined
  private hasClosed = false

  constructor(tcp: RawPeer, isClient: boolean, mayDeflate: boolean) {
    this.tcp = tcp
    this.isClient = isClient
    this.mayDeflate = mayDeflate
  }

  // Sending

  encode(frame: RawFrame): Buffer {
    return encode(frame, this.isClient)
  }

  send(...frames: RawFrame[]): this {
    return this.sendRaw(Buffer.concat(frames.map((frame) => this.encode(frame))))
  }

  sendRaw(bytes: string | Uint8Array): this {
    this.tcp.send(bytes)
    return this
  }

  async sendInChops(bytes: number, ...frames: RawFrame[]): Promise<void> {
    const all = Buffer.concat(frames.map((frame) => this.encode(frame)))
    for (let at = 0; at < all.length; at += bytes) await this.sendAlone(all.subarray(at, at + bytes))
  }

  async sendApart(...frames: RawFrame[]): Promise<void> {
    for (const frame of frames) await this.sendAlone(this.encode(frame))
  }

  /** Settles one turn of the event loop later, so that an end in this process has read it before more is sent. */
  async sendAlone(bytes: Uint8Array): Promise<void> {
    this.sendRaw(bytes)
    await new Promise((resolve) => setImmediate(resolve))
  }

  // Reading

  async frame(): Promise<ReadFrame> {
    if (this.hasClosed) throw new Error('nothing may be read after a Close frame, only closed()')
    const frame = await this.readFrame()
    if (frame.opcode >= 8) this.checkControl(frame)
    else this.checkData(frame)
    return frame
  }

  private async readFrame(): Promise<ReadFrame> {
    const [first, second] = (await this.tcp.take(2)) as unknown as [number, number]
    const frame = { fin: first >= 0x80, rsv: (first >> 4) & 0b111, opcode: first & 0x0f }
    if (![0, 1, 2, 8, 9, 10].includes(frame.opcode)) throw new Error(`a reserved opcode: ${frame.opcode}`)
    const isMasked = second >= 0x80
    if (isMasked === this.isClient)
      throw new Error(isMasked ? 'a masked frame of a server' : 'an unmasked frame')
    const length = await this.readLength(second & 0x7f)
    if (!isMasked) return { ...frame, payload: await this.tcp.take(length) }
    const key = await this.tcp.take(4)
    return { ...frame, payload: mask(await this.tcp.take(length), key) }
  }

  private async readLength(short: number): Promise<number> {
    if (short < 126) return short
    const size = short === 126 ? 2 : 8
    const bytes = await this.tcp.take(size)
    const length = size === 2 ? bytes.readUInt16BE() : bytes.readBigUInt64BE()
    if (shortest(length) !== size) throw new Error(`a length of ${length} in ${size} bytes`)
    return Number(length)
  }

  private checkControl({ fin, rsv, opcode, payload }: ReadFrame): void {
    if (!fin) throw new Error(`a fragmented control frame (${opcode})`)
    if (rsv !== 0) throw new Error(`a control frame (${opcode}) with RSV bits ${rsv}`)
    if (payload.length > 125) throw new Error(`a control frame (${opcode}) of ${payload.length} bytes`)
    if (opcode !== Opcode.close) return
    this.hasClosed = true
    readClose(payload)
  }

  private checkData({ fin, rsv, opcode, payload }: ReadFrame): void {
    const isFirst = opcode !== Opcode.continuation
    if (isFirst === (this.unfinished !== undefined))
      throw new Error(isFirst ? 'a message inside a fragmented one' : 'a stray continuation')
    if (rsv !== 0 && !(rsv === RSV1 && isFirst && this.mayDeflate))
      throw new Error(`a frame (${opcode}) with RSV bits ${rsv}`)
    const isPlainText = opcode === Opcode.text && rsv === 0
    const message = this.unfinished ?? {
      utf8: isPlainText ? new TextDecoder('utf-8', { fatal: true }) : undefined,
    }
    message.utf8?.decode(payload, { stream: !fin })
    this.unfinished = fin ? undefined : message
  }

  async message(): Promise<ReadMessage> {
    const first = await this.frame()
    const frames = [first]
    while (!frames.at(-1)!.fin && first.opcode < 8) frames.push(await this.frame())
    const control = frames.find(({ opcode }) => opcode >= 8)
    if (control) throw new Error(`${show(control)} instead of a message`)
    const payload = Buffer.concat(frames.map((frame) => frame.payload))
    return { opcode: first.opcode, payload, rsv: first.rsv, frames: frames.length }
  }

  async ping(): Promise<Buffer> {
    return (await this.frameOf(Opcode.ping)).payload
  }

  async pong(): Promise<Buffer> {
    return (await this.frameOf(Opcode.pong)).payload
  }

  async closeFrame(): Promise<{ code: number | undefined; reason: string }> {
    return readClose((await this.frameOf(Opcode.close)).payload)
  }

  private async frameOf(opcode: number): Promise<ReadFrame> {
    const frame = await this.frame()
    if (frame.opcode !== opcode) throw new Error(`${show(frame)} instead of one of opcode ${opcode}`)
    return frame
  }

  async closed(): Promise<'fin' | 'reset'> {
    const ending = await this.tcp.bytesUntilEnd().then(
      (rest) => ({ how: 'fin' as const, rest }),
      (error) => {
        if (!(error instanceof CutShort)) throw error
        return { how: 'reset' as const, rest: this.tcp.unread }
      },
    )
    if (ending.rest.length > 0) throw new Error(`bytes before the end: ${ending.rest.toString('hex')}`)
    return ending.how
  }
}

/** Codes that may be sent (RFC 6455 §7.4 and its registry). */
function isSendable(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999)
  )
}

function readClose(payload: Buffer): { code: number | undefined; reason: string } {
  if (payload.length === 0) return { code: undefined, reason: '' }
  if (payload.length === 1) throw new Error('a Close of one byte')
  const code = payload.readUInt16BE()
  if (!isSendable(code)) throw new Error(`a Close of ${code}`)
  return { code, reason: new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(2)) }
}

function show({ opcode, payload }: ReadFrame): string {
  const hex = payload.toString('hex', 0, 40)
  return `a frame of opcode ${opcode} and ${payload.length} bytes (${hex})`
}

// The client's handshake (RFC 6455 §4.1).

export type HeaderChanges = Record<string, string | undefined>

export interface HandshakeOptions {
  path?: string
  /** Fields to add; one of a name that is there replaces it, undefined leaves it out. */
  headers?: HeaderChanges
}

const SAMPLE_KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The request's text. */
export function handshakeRequest({ path = '/', headers = {} }: HandshakeOptions = {}): string {
  const fields = {
    Host: '127.0.0.1',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': SAMPLE_KEY,
    'Sec-WebSocket-Version': '13',
  }
  return head(`GET ${path} HTTP/1.1`, withChanges(fields, headers))
}

export function acceptOf(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

export async function connectRawWebSocket(
  address: PeerAddress,
  options: HandshakeOptions = {},
): Promise<RawWebSocket & { readonly answer: RawResponse }> {
  const key = options.headers?.['Sec-WebSocket-Key'] ?? randomBytes(16).toString('base64')
  const headers = { ...options.headers, 'Sec-WebSocket-Key': key }
  const tcp = await connectPeer(address)
  const answer = await tcp.send(handshakeRequest({ ...options, headers })).response()
  checkAnswer(answer, key, options.headers?.['Sec-WebSocket-Extensions'])
  return Object.assign(new RawWebSocket(tcp, true, deflates(answer.header('Sec-WebSocket-Extensions'))), {
    answer,
  })
}

export async function connectWithFrames(address: PeerAddress, ...frames: RawFrame[]): Promise<RawWebSocket> {
  const peer = new RawWebSocket(await connectPeer(address), true, false)
  const bytes = frames.map((frame) => peer.encode(frame))
  return peer.sendRaw(Buffer.concat([Buffer.from(handshakeRequest()), ...bytes]))
}

function checkAnswer(answer: RawResponse, key: string, offeredExtensions: string | undefined): void {
  if (answer.status !== 101) throw new Error(`${answer.status} ${answer.reason} instead of 101`)
  if (answer.header('Upgrade')?.toLowerCase() !== 'websocket') throw new Error('a 101 without its Upgrade')
  if (answer.header('Connection')?.toLowerCase() !== 'upgrade')
    throw new Error('a 101 without its Connection')
  if (answer.header('Sec-WebSocket-Accept') !== acceptOf(key)) throw new Error('a wrong Sec-WebSocket-Accept')
  const extensions = answer.header('Sec-WebSocket-Extensions')
  if (extensions !== undefined && offeredExtensions === undefined)
    throw new Error(`an extension that was not offered: ${extensions}`)
}

function deflates(extensions: string | undefined): boolean {
  return extensions?.startsWith('permessage-deflate') ?? false
}

function withChanges(fields: Record<string, string>, changes: HeaderChanges): [string, string | undefined][] {
  const changed = new Set(Object.keys(changes).map((name) => name.toLowerCase()))
  const kept = Object.entries(fields).filter(([name]) => !changed.has(name.toLowerCase()))
  return [...kept, ...Object.entries(changes)]
}

function head(startLine: string, fields: [string, string | undefined][]): string {
  const lines = fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]))
  return `${[startLine, ...lines].join('\r\n')}\r\n\r\n`
}

// The server's handshake (RFC 6455 §4.2).

export interface RawWebSocketServerOptions {
  /** Fields of the 101: as in `HandshakeOptions`. */
  headers?: HeaderChanges | ((request: RawRequest) => HeaderChanges)
  /** The whole answer instead of the 101; the peer is there all the same. */
  answer?: (request: RawRequest) => string | Uint8Array
  tls?: { key: string; cert: string }
}

export type ServedRawWebSocket = RawWebSocket & { readonly request: RawRequest; readonly key: string }

export interface RawWebSocketServer {
  readonly url: string
  readonly port: number
  /** The next client, where no `onPeer` takes them; rejects where its request is no right handshake. */
  peer(): Promise<ServedRawWebSocket>
}

/** What goes wrong in a handshake or in `onPeer` fails the test when it ends. */
export async function serveRawWebSocket(
  onPeer?: (peer: ServedRawWebSocket) => void | Promise<void>,
  options: RawWebSocketServerOptions = {},
): Promise<RawWebSocketServer> {
  const peers = new Queue<Promise<ServedRawWebSocket>>()
  const sockets: Socket[] = []
  const failures: unknown[] = []
  const onSocket = (socket: Socket): void => {
    sockets.push(socket)
    const peer = welcome(new RawPeer(socket), options)
    const isDone = onPeer ? peer.then(onPeer) : peer
    isDone.catch((error) => failures.push(error))
    if (!onPeer) peers.add(peer)
  }
  const server = listener(options.tls, onSocket)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
    if (failures.length > 0) throw failures[0]
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `${options.tls ? 'wss' : 'ws'}://127.0.0.1:${port}`, port, peer: () => peers.next() }
}

function listener(tls: RawWebSocketServerOptions['tls'], onSocket: (socket: Socket) => void): Server {
  const options = { allowHalfOpen: true, noDelay: true }
  return tls ? createTlsServer({ ...options, ...tls }, onSocket) : createServer(options, onSocket)
}

class Queue<T> {
  private readonly items: T[] = []
  private readonly waiting: ((item: T) => void)[] = []

  add(item: T): void {
    const take = this.waiting.shift()
    if (take) take(item)
    else this.items.push(item)
  }

  next(): Promise<Awaited<T>> {
    return new Promise<T>((resolve) => {
      if (this.items.length > 0) resolve(this.items.shift()!)
      else this.waiting.push(resolve)
    }) as Promise<Awaited<T>>
  }
}

async function welcome(tcp: RawPeer, options: RawWebSocketServerOptions): Promise<ServedRawWebSocket> {
  const request = await readRequest(tcp)
  const key = checkRequest(request)
  const { headers = {} } = options
  const changes = typeof headers === 'function' ? headers(request) : headers
  const fields = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': acceptOf(key) }
  const accepted = withChanges(fields, changes)
  tcp.send(options.answer?.(request) ?? head('HTTP/1.1 101 Switching Protocols', accepted))
  const extensions = accepted.find(([name]) => name.toLowerCase() === 'sec-websocket-extensions')?.[1]
  return Object.assign(new RawWebSocket(tcp, false, deflates(extensions)), { request, key })
}

async function readRequest(tcp: RawPeer): Promise<RawRequest> {
  const requestLine = await tcp.line()
  const target = /^GET (\/[!-~]*) HTTP\/1\.1$/.exec(requestLine)?.[1]
  if (target === undefined) throw new Error(`a bad request-line: ${requestLine}`)
  const headers: Record<string, string> = Object.create(null)
  for (let line = await tcp.line(); line !== ''; line = await tcp.line()) {
    const [, name, value] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`a bad field-line: ${line}`)
    if (name.toLowerCase() in headers) throw new Error(`${name} came twice`)
    headers[name.toLowerCase()] = value
  }
  return { target, headers }
}

/** @returns the key */
function checkRequest({ headers }: RawRequest): string {
  const key = headers['sec-websocket-key'] ?? ''
  if (headers.host === undefined) throw new Error('a request without Host')
  if (headers.upgrade?.toLowerCase() !== 'websocket') throw new Error('a request without its Upgrade')
  if (headers.connection?.toLowerCase() !== 'upgrade') throw new Error('a request without its Connection')
  if (headers['sec-websocket-version'] !== '13') throw new Error('a request without its version')
  if (!/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key)) throw new Error(`a key that is not 16 bytes: ${key}`)
  return key
}

// Sockets in workerd, over cloudflare:sockets: what we need of node's, made of a readable and a writable stream.
//
// A server's name is checked where TLS begins with the connection. Whether the handshake has failed or the connection was not
// even there, workerd does not say: another one, without TLS, tells. Where TLS begins later, in a proxy's tunnel, workerd
// (until 2026-04 at least) says nothing at all, and what is seen is that the connection ends before a byte has come.
import { connect, type Socket } from 'cloudflare:sockets'
import { bytesOf } from '../core/text.js'
import { memory } from '../core/wasm.js'
import { Listeners } from '../io/listeners.js'
import type { ByteSocket, Opening, SocketOptions } from '../io/socket.js'

/** Bytes that may be on their way before whoever writes should wait. */
const MAX_WAITING = 64 * 1024
/** Bytes of pieces that are joined rather than written one by one. */
const MAX_JOINED = 64 * 1024
const ROOM = 16 * 1024

/** @throws TypeError for options that workerd has nothing for */
export function demandSocketOptions({ bindAddress, tls, insecure, unixSocket }: SocketOptions): void {
  demandNone(bindAddress, 'bindAddress', 'workerd chooses the address to connect from')
  demandNone(unixSocket, 'unixSocket', 'cloudflare:sockets leads to hosts and ports')
  demandNone(tls, 'tls', 'workerd has certificates of its own: name authorities in its configuration')
  demandNone(
    insecure || undefined,
    'insecure',
    'workerd checks every certificate: name its authority in the configuration',
  )
}

function demandNone(value: unknown, name: string, reason: string): void {
  if (value !== undefined) throw new TypeError(`${name} means nothing in workerd: ${reason}`)
}

/** Opens a socket; 'connect' or 'error' follows. @throws for an address that is none */
export function openSocket(
  at: { host: string; port: number } | { path: string },
  { serverName, isTunnel = false }: Opening,
): ByteSocket {
  if ('path' in at) throw new TypeError('cloudflare:sockets leads to hosts and ports, not to paths')
  if (serverName !== undefined && isTunnel)
    throw new Error('there is no TLS within TLS in workerd: name the proxy by an http: URL')
  if (serverName === at.host) return new SecureSocket(at)
  return new WorkerdSocket(open(at, serverName !== undefined || isTunnel ? 'starttls' : 'off'), 'connect')
}

/** Begins TLS on a socket; 'secureConnect' or 'error' follows on what is returned. @throws Error where it cannot */
export function secureSocket(socket: ByteSocket, { host }: { host?: string | undefined }): ByteSocket {
  if (socket instanceof SecureSocket) return socket.begin()
  if (socket instanceof WorkerdSocket) return socket.secured(host!)
  throw new Error('in workerd TLS begins on sockets of its own, not on what connect has returned')
}

function open(
  { host, port }: { host: string; port: number },
  secureTransport: 'off' | 'on' | 'starttls',
): Socket {
  const hostname = host.includes(':') ? `[${host}]` : host
  return connect({ hostname, port }, { secureTransport, allowHalfOpen: true })
}

class WorkerdSocket extends Listeners implements ByteSocket {
  destroyed = false
  closed = false
  errored: Error | null = null
  writable = true
  writableEnded = false
  writableLength = 0
  writableNeedDrain = false
  private readonly socket: Socket
  private readonly reader: ReadableStreamBYOBReader
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>
  /** What has been read and given back. */
  private rest: Uint8Array[] = []
  private room = new ArrayBuffer(ROOM)
  /** Undefined until somebody asks for data. */
  private isFlowing: boolean | undefined = undefined
  private isReading = false
  private hasReadAll = false
  private corked: Uint8Array[] | undefined = undefined
  /** To be told when what is corked has left. */
  private corkedTold: (() => void)[] = []
  /** Whether what was written last has left. */
  private lastWrite: Promise<boolean> = Promise.resolve(true)

  constructor(socket: Socket, opened: 'connect' | 'secureConnect') {
    super()
    this.socket = socket
    this.reader = socket.readable.getReader({ mode: 'byob' })
    this.writer = socket.writable.getWriter()
    for (const { closed } of [socket, this.reader, this.writer]) closed.catch(ignore)
    socket.opened.then(
      () => this.emit(opened),
      (error) => this.onNotOpened(error),
    )
  }

  protected onNotOpened(error: Error): void {
    this.destroy(error)
  }

  /** The same connection with TLS from here on; this one is done with. */
  secured(name: string): WorkerdSocket {
    if (this.rest.length > 0) throw new Error('bytes have come before TLS has begun')
    this.destroyed = true
    this.reader.releaseLock()
    this.writer.releaseLock()
    return new WorkerdSocket(this.socket.startTls({ expectedServerHostname: name }), 'secureConnect')
  }

  override on(event: string, listener: Parameters<Listeners['on']>[1]): this {
    super.on(event, listener)
    if (event === 'data' && this.isFlowing === undefined) this.resume()
    return this
  }

  // Reading

  pause(): this {
    this.isFlowing = false
    return this
  }

  resume(): this {
    this.isFlowing = true
    if (!this.isReading) void this.read()
    return this
  }

  unshift(bytes: Uint8Array): void {
    this.rest.unshift(Uint8Array.from(bytes))
  }

  private async read(): Promise<void> {
    this.isReading = true
    try {
      await undefined
      while (this.isFlowing && !this.destroyed && !this.hasReadAll) this.take(await this.nextBytes())
    } catch (error) {
      this.destroy(error as Error)
    } finally {
      this.isReading = false
    }
  }

  private async nextBytes(): Promise<Uint8Array | undefined> {
    const rest = this.rest.shift()
    if (rest !== undefined) return rest
    const { done, value } = await this.reader.read(new Uint8Array(this.room))
    if (done) return undefined
    this.room = value.buffer
    return value
  }

  private take(bytes: Uint8Array | undefined): void {
    if (this.destroyed) return
    if (bytes === undefined) this.endReading()
    else if (this.isFlowing) this.emit('data', bytes)
    else this.unshift(bytes)
  }

  private endReading(): void {
    this.hasReadAll = true
    this.emit('end')
    if (this.errored !== null || (this.writableEnded && this.writableLength === 0))
      this.destroy(this.errored ?? undefined)
  }

  // Writing

  write(data: Uint8Array | string, _encoding?: 'latin1', hasLeft?: () => void): boolean {
    if (!this.writable) return false
    const bytes = restingBytes(data)
    this.writableLength += bytes.length
    if (this.corked !== undefined) this.corked.push(bytes)
    else if (bytes.length > 0) this.send(bytes)
    if (hasLeft !== undefined) this.tell(hasLeft)
    if (this.writableLength >= MAX_WAITING) this.writableNeedDrain = true
    return !this.writableNeedDrain
  }

  cork(): void {
    this.corked ??= []
  }

  uncork(): void {
    const pieces = this.corked ?? []
    this.corked = undefined
    for (const bytes of joined(pieces)) this.send(bytes)
    for (const hasLeft of this.corkedTold.splice(0)) this.tell(hasLeft)
  }

  private tell(hasLeft: () => void): void {
    if (this.corked !== undefined) this.corkedTold.push(hasLeft)
    else void this.lastWrite.then((isSent) => isSent && hasLeft())
  }

  private send(bytes: Uint8Array): void {
    this.lastWrite = this.writer.write(bytes).then(
      () => this.onLeft(bytes.length),
      (error) => this.onNotWritten(error),
    )
  }

  private onLeft(bytes: number): true {
    this.writableLength -= bytes
    if (this.writableNeedDrain && this.writableLength === 0) {
      this.writableNeedDrain = false
      this.emit('drain')
    }
    return true
  }

  // What the peer has said before it hung up is still to be read.
  private onNotWritten(error: Error): false {
    this.writable = false
    this.errored ??= error
    if (!this.isReading || this.hasReadAll) this.destroy(error)
    return false
  }

  end(): this {
    if (this.writableEnded || this.destroyed) return this
    this.uncork()
    this.writableEnded = true
    this.writable = false
    this.writer.close().then(
      () => {
        if (this.hasReadAll) this.destroy()
      },
      (error) => this.onNotWritten(error),
    )
    return this
  }

  // To close waits for what is being written.
  destroy(error?: Error): this {
    if (this.destroyed) return this
    this.destroyed = true
    this.writable = false
    this.errored ??= error ?? null
    if (this.writableLength > 0) this.writer.abort().catch(ignore)
    const closed = this.socket.close().catch(ignore)
    if (error !== undefined) queueMicrotask(() => this.emit('error', error))
    void closed.then(() => this.onClosed())
    return this
  }

  private onClosed(): void {
    this.closed = true
    this.emit('close')
  }
}

// One that is opened with TLS: what workerd does at once is told in two steps, as node does it.
class SecureSocket extends WorkerdSocket {
  private readonly address: { host: string; port: number }
  private fault: Error | undefined = undefined

  constructor(address: { host: string; port: number }) {
    super(open(address, 'on'), 'connect')
    this.address = address
  }

  protected override async onNotOpened(error: Error): Promise<void> {
    this.fault = error
    const other = open(this.address, 'off')
    other.closed.catch(ignore)
    try {
      await other.opened
      this.emit('connect')
    } catch {
      this.destroy(error)
    } finally {
      other.close().catch(ignore)
    }
  }

  begin(): this {
    queueMicrotask(() => (this.fault === undefined ? this.emit('secureConnect') : this.destroy(this.fault)))
    return this
  }
}

// Bytes in the core's memory are soon others.
function restingBytes(data: Uint8Array | string): Uint8Array {
  if (typeof data === 'string') return bytesOf(data)
  return data.buffer === memory.buffer ? new Uint8Array(data) : data
}

// In as few pieces as that costs no large copy.
function joined(pieces: readonly Uint8Array[]): readonly Uint8Array[] {
  const size = pieces.reduce((sum, { length }) => sum + length, 0)
  if (pieces.length < 2 || size > MAX_JOINED) return pieces.filter(({ length }) => length > 0)
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return [whole]
}

function ignore(): void {}

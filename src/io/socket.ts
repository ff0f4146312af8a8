// What we need of a socket, whoever made it: Node's, or in workerd one of runtime/workerd-sockets.ts.

// As node types them.
// biome-ignore lint/suspicious/noExplicitAny: a listener knows what it listens to
type Listener = (...details: any[]) => void

export interface ByteSocket {
  /** Closed from this side, or lost. */
  readonly destroyed: boolean
  /** 'close' has been told. */
  readonly closed: boolean
  /** What it was lost for. */
  readonly errored: Error | null
  /** Whether it still takes bytes. */
  readonly writable: boolean
  readonly writableEnded: boolean
  /** With TLS, by the runtime. */
  readonly encrypted?: boolean
  /** Bytes written that have not left. */
  readonly writableLength: number
  /** More of them than is good: 'drain' tells when they have left. */
  readonly writableNeedDrain: boolean

  /** The bytes must rest until they have left. @returns false where it holds more than is good */
  write(data: Uint8Array | string, encoding?: 'latin1', hasLeft?: () => void): boolean
  /** What is written from here on leaves together, at `uncork`. */
  cork(): void
  uncork(): void
  pause(): unknown
  resume(): unknown
  /** Gives back bytes that were read: they are read next. */
  unshift(bytes: Uint8Array): void
  /** Says no more. */
  end(): unknown
  destroy(error?: Error): unknown
  /** It keeps the process alive, or does not. */
  ref?(): unknown
  unref?(): unknown

  /** connect, secureConnect; data, end; drain; error, close. */
  on(event: string, listener: Listener): this
  once(event: string, listener: Listener): this
  off(event: string, listener: Listener): this
}

/** What users say of sockets; some of it means nothing in some runtimes. */
export interface SocketOptions {
  bindAddress?: string | undefined
  unixSocket?: string | undefined
  insecure?: boolean | undefined
  tls?: object | undefined
}

/** How a socket is opened. */
export interface Opening {
  bindAddress?: string | undefined
  /** Whom TLS begins with as soon as there is a connection. */
  serverName?: string | undefined
  /** TLS begins later, with somebody behind. */
  isTunnel?: boolean
}

// What is needed of the `redis` package's client, versions 5 and 6.

// biome-ignore lint/suspicious/noExplicitAny: its own types are generic in all that it can do
type Anything = any

/** What `createClient` of the redis package returns. It is never used itself, but duplicated. */
export interface RedisClient {
  /** What it was made with. */
  readonly options?: Anything
  /** Makes another of its kind, which is not connected. */
  duplicate(overrides?: Anything): RedisConnection
}

/** A client of its own that the adapter connects, and ends. */
export interface RedisConnection {
  connect(): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: Error) => void): unknown
  sendCommand(args: Anything, options?: Anything): Promise<unknown>
  subscribe(channels: Anything, listener: Anything, bufferMode?: Anything): Promise<unknown>
  unsubscribe(channels: Anything, listener?: Anything, bufferMode?: Anything): Promise<unknown>
  sSubscribe(channels: Anything, listener: Anything, bufferMode?: Anything): Promise<unknown>
  sUnsubscribe(channels: Anything, listener?: Anything, bufferMode?: Anything): Promise<unknown>
}

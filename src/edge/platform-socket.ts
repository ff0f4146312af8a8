/** A WebSocket of the platform's; what it cannot do is absent. */
export interface PlatformSocket {
  /** Bytes that it has not sent yet; 0 where the platform does not say. */
  readonly bufferedAmount: number
  send(data: string | Uint8Array): void
  close(code: number, reason: string): void
  ping?(data: Uint8Array): void
  pong?(data: Uint8Array): void
}

/** Who is told what becomes of it. */
export interface PlatformSocketOwner {
  /** Settles when its own users have been told of its end. */
  readonly over: Promise<void>
  onOpen(socket: PlatformSocket): void
  onMessage(message: string | Uint8Array): void
  onPing(data: Uint8Array): void
  onPong(data: Uint8Array): void
  onClose(code: number, reason: string): void
}

// Bytes that come bit by bit and are wanted in one piece. Room doubles, so however they dribble in, the copying is linear.
export class GrowingBytes {
  private room: Uint8Array
  private readonly most: number
  length = 0

  /**
   * @param size bytes to begin with
   * @param most bytes that there will be at most: room does not grow past it
   */
  constructor(size = 512, most = Number.POSITIVE_INFINITY) {
    this.room = new Uint8Array(Math.min(size, most))
    this.most = most
  }

  /** A view of them, good until more are appended. */
  get bytes(): Uint8Array {
    return this.room.subarray(0, this.length)
  }

  /** They themselves, with no room left over: for somebody who keeps them. */
  take(): Uint8Array {
    return this.room.length === this.length ? this.room : this.room.slice(0, this.length)
  }

  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length
    if (length > this.room.length) {
      const grown = new Uint8Array(Math.max(length, Math.min(this.most, this.room.length * 2)))
      grown.set(this.bytes)
      this.room = grown
    }
    this.room.set(bytes, this.length)
    this.length = length
  }
}

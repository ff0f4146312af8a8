// Bytes that come bit by bit and are wanted in one piece. Room doubles, so however they dribble in, the copying is linear.
export class GrowingBytes {
  private room: Uint8Array
  length = 0

  /** @param size bytes to begin with */
  constructor(size = 512) {
    this.room = new Uint8Array(size)
  }

  /** A view of them, good until more are appended. */
  get bytes(): Uint8Array {
    return this.room.subarray(0, this.length)
  }

  append(bytes: Uint8Array): void {
    const length = this.length + bytes.length
    if (length > this.room.length) {
      const grown = new Uint8Array(Math.max(length, this.room.length * 2))
      grown.set(this.bytes)
      this.room = grown
    }
    this.room.set(bytes, this.length)
    this.length = length
  }
}

// The last messages of a topic, as many as its bounds allow.
import type { Vector } from './cursor.js'

export interface Remembered {
  readonly writer: string
  readonly number: number
  /** Milliseconds since the writer's message before; 0 for his first. */
  readonly pause: number
  readonly message: string | Uint8Array
  readonly bytes: number
  /** When it was published, as far as known, on performance.now's clock. */
  readonly at: number
}

export class History {
  private readonly maxMessages: number
  private readonly maxBytes: number
  private entries: (Remembered | undefined)[] = []
  /** Where the first is: those before it are gone, and cut off now and then. */
  private first = 0
  private bytes = 0

  constructor(maxMessages: number, maxBytes: number) {
    this.maxMessages = maxMessages
    this.maxBytes = maxBytes
  }

  push(entry: Remembered): void {
    this.entries.push(entry)
    this.bytes += entry.bytes
    while (this.size > this.maxMessages || (this.bytes > this.maxBytes && this.size > 0)) this.shift()
  }

  private get size(): number {
    return this.entries.length - this.first
  }

  private shift(): void {
    this.bytes -= this.entries[this.first]!.bytes
    this.entries[this.first++] = undefined
    if (this.first < 64 || this.first < this.entries.length / 2) return
    this.entries = this.entries.slice(this.first)
    this.first = 0
  }

  forget(before: number): void {
    while (this.size > 0 && this.entries[this.first]!.at < before) this.shift()
  }

  get writers(): Set<string> {
    return new Set(this.held.map(({ writer }) => writer))
  }

  private get held(): Remembered[] {
    return this.entries.slice(this.first) as Remembered[]
  }

  /** What somebody has not seen who has seen this. */
  since(vector: Vector): Remembered[] {
    return this.held.filter(({ writer, number }) => number > (vector.get(writer) ?? 0))
  }
}

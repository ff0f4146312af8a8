// Content codings undone (RFC 9110 §8.4): a row of stages, the last coding's first. Each is made at its first
// byte, for that tells which of the two things called deflate it is, and a body without bytes is in every coding.
import { decompressors } from '#runtime'
import type { Decompressor } from '../io/decompressor.js'
import { errorOf, HttpKitError } from './error.js'

/** Where decoded bytes go. */
export interface Decoded {
  onDecoded(bytes: Uint8Array): void
  onDecodedEnd(): void
  onDecodingFailed(error: HttpKitError): void
  /** There is room for more to decode. */
  onRoom(): void
}

/** More in a row is a way to keep us busy. */
const MAX_CODINGS = 4

/** What there is to undo, as Accept-Encoding has it. */
export const knownCodings = ['gzip', 'deflate', 'br'].filter((coding) => coding in decompressors).join(', ')

/**
 * The codings that a body is in, in the order they were applied.
 *
 * @throws HttpKitError ERR_CONTENT_ENCODING for one that is not known, or too many
 */
export function codingsOf(contentEncoding: string | readonly string[] | undefined): string[] {
  if (contentEncoding === undefined) return []
  const codings = String(contentEncoding)
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity')
  for (const coding of codings) {
    if (!Object.hasOwn(decompressors, coding)) throw failure(`unknown content coding: ${coding}`)
  }
  if (codings.length > MAX_CODINGS) throw failure('too many content codings')
  return codings
}

function failure(message: string): HttpKitError {
  return new HttpKitError('ERR_CONTENT_ENCODING', message)
}

class Stage {
  private readonly coding: string
  private readonly owner: Decoder
  private readonly next: Stage | undefined
  private engine: Decompressor | undefined = undefined
  private isToEnd = false
  private hasEnded = false

  constructor(coding: string, owner: Decoder, next: Stage | undefined) {
    this.coding = coding
    this.owner = owner
    this.next = next
  }

  get isFull(): boolean {
    return this.engine?.writableNeedDrain === true
  }

  write(bytes: Uint8Array): void {
    // What stands behind a coding's own end means nothing.
    if (this.hasEnded || bytes.length === 0) return
    this.engine ??= this.start(bytes[0]!)
    this.engine.write(bytes)
  }

  private start(firstByte: number): Decompressor {
    const engine = decompressors[this.coding]!(firstByte)
    engine.on('data', (bytes: Uint8Array) => this.pass(bytes))
    engine.on('drain', () => this.owner.onDrained(this))
    engine.on('end', () => this.onEnd())
    engine.on('error', (error: unknown) => this.owner.fail(errorOf('ERR_CONTENT_ENCODING', error)))
    return engine
  }

  private pass(bytes: Uint8Array): void {
    if (this.next === undefined) return this.owner.onDecoded(bytes)
    this.next.write(bytes)
    if (this.next.isFull) this.pause()
  }

  pause(): void {
    this.engine?.pause()
  }

  resume(): void {
    this.engine?.resume()
  }

  end(): void {
    this.isToEnd = true
    if (this.engine === undefined || this.hasEnded) this.passEnd()
    else this.engine.end()
  }

  private onEnd(): void {
    this.hasEnded = true
    if (this.isToEnd) this.passEnd()
  }

  private passEnd(): void {
    if (this.next === undefined) this.owner.onDecodedEnd()
    else this.next.end()
  }

  destroy(): void {
    this.engine?.destroy()
  }
}

export class Decoder {
  private readonly to: Decoded
  private readonly stages: Stage[] = []
  private isOver = false

  constructor(codings: readonly string[], to: Decoded) {
    this.to = to
    for (const coding of codings) this.stages.unshift(new Stage(coding, this, this.stages[0]))
  }

  private get first(): Stage {
    return this.stages[0]!
  }

  /** What comes next has to wait until `onRoom`. */
  get isFull(): boolean {
    return this.first.isFull
  }

  /** The bytes must rest until they are decoded. */
  write(bytes: Uint8Array): void {
    if (!this.isOver) this.first.write(bytes)
  }

  end(): void {
    if (!this.isOver) this.first.end()
  }

  /** Whoever takes what is decoded has enough for now. */
  pause(): void {
    this.stages.at(-1)!.pause()
  }

  resume(): void {
    this.stages.at(-1)!.resume()
  }

  destroy(): void {
    this.isOver = true
    for (const stage of this.stages) stage.destroy()
  }

  /** @internal */
  onDrained(stage: Stage): void {
    const before = this.stages[this.stages.indexOf(stage) - 1]
    if (before === undefined) this.to.onRoom()
    else before.resume()
  }

  /** @internal */
  onDecoded(bytes: Uint8Array): void {
    if (!this.isOver) this.to.onDecoded(bytes)
  }

  /** @internal */
  onDecodedEnd(): void {
    if (this.isOver) return
    this.isOver = true
    this.to.onDecodedEnd()
  }

  /** @internal */
  fail(error: HttpKitError): void {
    if (this.isOver) return
    this.destroy()
    this.to.onDecodingFailed(error)
  }
}

// Decompression by DecompressionStream. It takes whatever it is given and keeps all that this becomes, so it is given little at
// a time, and the next when that has been read: what 4 KiB become, some megabytes at most, is all that it ever keeps.
import type { Decompressor } from '../io/decompressor.js'
import { Listeners } from '../io/listeners.js'

/** What undoes a content coding, by its name; the first byte tells which of the two things called deflate it is. */
export const decompressors: Readonly<Record<string, (firstByte: number) => Decompressor>> = {
  gzip: () => new WebDecompressor('gzip'),
  'x-gzip': () => new WebDecompressor('gzip'),
  // A zlib header's low four bits are 8 (RFC 1950 §2.2); some servers leave it out.
  deflate: (firstByte) => new WebDecompressor((firstByte & 0x0f) === 8 ? 'deflate' : 'deflate-raw'),
}

/** Not there: nothing else takes a dictionary, as messages need it. */
export const zlib = undefined
export const limits = undefined

/** Bytes that are given at once. */
const SLICE = 4 * 1024
/** Bytes that may wait to be given. */
const MAX_WAITING = 64 * 1024

class WebDecompressor extends Listeners implements Decompressor {
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>
  /** The read that waits for what comes out. */
  private reading: Promise<ReadableStreamReadResult<Uint8Array>> | undefined = undefined
  private waiting: Uint8Array[] = []
  private waitingBytes = 0
  private needsDrain = false
  /** All that was given has been taken, as what it has become. */
  private isDry = true
  private isToEnd = false
  private isClosing = false
  private isPaused = false
  private isBusy = false
  private isOver = false

  constructor(format: CompressionFormat) {
    super()
    const { writable, readable } = new DecompressionStream(format)
    this.writer = (writable as WritableStream<Uint8Array>).getWriter()
    this.reader = readable.getReader()
    this.writer.closed.catch(ignore)
    this.reader.closed.catch(ignore)
  }

  get writableNeedDrain(): boolean {
    return this.needsDrain
  }

  write(bytes: Uint8Array): void {
    this.waiting.push(bytes)
    this.waitingBytes += bytes.length
    if (this.waitingBytes >= MAX_WAITING) this.needsDrain = true
    this.work()
  }

  end(): void {
    this.isToEnd = true
    this.work()
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
    this.work()
  }

  destroy(): void {
    if (this.isOver) return
    this.isOver = true
    this.waiting = []
    this.writer.abort().catch(ignore)
    this.reader.cancel().catch(ignore)
  }

  private get isStopped(): boolean {
    return this.isPaused || this.isOver
  }

  private work(): void {
    if (this.isBusy || this.isStopped) return
    this.isBusy = true
    this.giveAndTake().catch((error) => this.fail(error))
  }

  // What it goes by is looked at after each wait, for a pause, an end or more bytes may have come meanwhile.
  private async giveAndTake(): Promise<void> {
    while (!this.isStopped) {
      if (!this.isDry) await this.take()
      else if (this.waiting.length > 0) await this.give(this.nextSlice())
      else if (this.isToEnd && !this.isClosing) this.close()
      else break
    }
    this.isBusy = false
  }

  // Some take nothing before what it becomes is asked for.
  private async give(slice: Uint8Array): Promise<void> {
    this.reading ??= this.reader.read()
    await this.writer.write(slice)
    this.isDry = false
  }

  private close(): void {
    this.isClosing = true
    this.isDry = false
    this.writer.close().catch(ignore)
  }

  private nextSlice(): Uint8Array {
    const first = this.waiting[0]!
    if (first.length > SLICE) this.waiting[0] = first.subarray(SLICE)
    else this.waiting.shift()
    const slice = first.subarray(0, SLICE)
    this.waitingBytes -= slice.length
    if (this.waitingBytes === 0 && this.needsDrain) this.drained()
    return slice
  }

  private drained(): void {
    this.needsDrain = false
    this.emit('drain')
  }

  // What a turn of the event loop does not bring will not come before more is given, or all has been.
  private async take(): Promise<void> {
    this.reading ??= this.reader.read()
    const outcome = await (this.isClosing ? this.reading : Promise.race([this.reading, turn()]))
    if (this.isOver) return
    this.isDry = outcome === undefined
    if (outcome === undefined) return
    this.reading = undefined
    if (outcome.done) this.finish()
    else this.emit('data', outcome.value)
  }

  private finish(): void {
    this.isOver = true
    this.emit('end')
  }

  private fail(error: unknown): void {
    if (this.isOver) return
    this.destroy()
    this.emit('error', error)
  }
}

function turn(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

function ignore(): void {}

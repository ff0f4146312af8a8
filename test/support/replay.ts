// Replays bytes through the RequestReader the way a connection does, piece by piece, and writes down what comes out as
// event lines of the corpus (test/support/corpus.ts).
//
//   replay([bytes])                                 as one read
//   replay(cutEvery(bytes, 1), { maxLine: 64 })     byte by byte, under limits
//   replay(cutAt(bytes, [5, 9]))                    in three pieces
//
// Behind every piece the window is poisoned with line ends: a reader that looks too far finds the end of a message.
import { listFields, readFields } from '../../src/core/fields.js'
import {
  END,
  ERROR,
  HEAD,
  NEED_MORE,
  PIECE,
  type ReaderLimits,
  TRAILERS,
} from '../../src/core/http-reader.js'
import { RequestReader } from '../../src/core/request-reader.js'
import { latin1 } from '../../src/core/text.js'
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  FLAGS,
  HEAD_START,
  METHOD,
  METHOD_END,
  memory,
  TARGET_END,
  TARGET_START,
  u32,
  VERSION_1_1,
  windowSize,
  windowStart,
  words,
} from '../../src/core/wasm.js'

const defaults: ReaderLimits = { maxLine: 8192, maxHeaders: 100, maxBody: 8 * 1024 * 1024 }
const poison = Buffer.from('\r\n'.repeat(16))

/** The events that the pieces give, one connection's; a piece larger than the window is fed in parts. */
export function replay(pieces: Iterable<Uint8Array>, limits: Partial<ReaderLimits> = {}): string[] {
  const connection = new Replay({ ...defaults, ...limits })
  for (const piece of pieces) {
    for (const part of piece.length > windowSize ? cutEvery(piece, windowSize) : [piece]) {
      if (!connection.read(part)) return connection.events
    }
  }
  return connection.finish()
}

/** The bytes in pieces that end at each of the positions, which ascend. */
export function cutAt(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  return [...positions, bytes.length].map((end, index) => bytes.subarray(positions[index - 1] ?? 0, end))
}

/** The bytes in pieces of a size; the last may be shorter. */
export function cutEvery(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  )
}

class Replay {
  readonly events: string[] = []
  private readonly reader: RequestReader
  private body = ''
  private closes = false

  constructor(limits: ReaderLimits) {
    this.reader = new RequestReader(limits)
  }

  /** @returns false when nothing more is read */
  read(piece: Uint8Array): boolean {
    const end = windowStart + piece.length
    memory.set(piece, windowStart)
    memory.set(poison, end)
    this.reader.feed(windowStart, end)
    for (let event = this.reader.next(); event !== NEED_MORE; event = this.reader.next()) {
      this.take(event)
      if (this.events.at(-1) === 'close') return false
    }
    return true
  }

  finish(): string[] {
    if (!this.reader.isIdle && !this.reader.error) this.events.push('need-more')
    return this.events
  }

  private take(event: number): void {
    const { reader, events } = this
    if (events.at(-1)?.startsWith('error ')) throw new Error(`an event after the error: ${event}`)
    if (event === HEAD) this.takeHead(latin1(reader.headStart, reader.at))
    else if (event === PIECE) this.body += latin1(reader.pieceStart, reader.pieceEnd)
    else if (event === END) this.takeEnd([])
    else if (event === TRAILERS) this.takeEnd(listFields(latin1(reader.headStart, reader.at)))
    else if (event === ERROR) events.push(`error ${reader.error!.code} ${reader.error!.status}`)
    else throw new Error(`an event of no known kind: ${event}`)
  }

  private takeHead(text: string): void {
    const flags = u32[FLAGS]!
    const is1_1 = (flags & VERSION_1_1) !== 0
    const method = words[u32[METHOD]!] || text.slice(u32[HEAD_START], u32[METHOD_END])
    const target = text.slice(u32[TARGET_START], u32[TARGET_END])
    this.closes = (flags & CONNECTION_CLOSE) !== 0 || (!is1_1 && (flags & CONNECTION_KEEP_ALIVE) === 0)
    this.events.push(`request ${method} ${target} HTTP/1.${is1_1 ? 1 : 0}`, ...fieldLines(text))
    if (!this.reader.isInBody) this.endMessage()
  }

  private takeEnd(trailers: [name: string, value: string][]): void {
    if (this.body !== '') this.events.push(`body "${this.body}"`)
    this.events.push(...trailers.map(([name, value]) => `trailer ${name.toLowerCase()}: ${value}`))
    this.body = ''
    this.endMessage()
  }

  private endMessage(): void {
    this.events.push('end')
    if (this.closes) this.events.push('close')
  }
}

// The map's values in the order the names were sent: an object puts names that look like integers first.
function fieldLines(text: string): string[] {
  const headers = readFields(text)
  const names = new Set(listFields(text).map(([name]) => name.toLowerCase()))
  const unlisted = Object.keys(headers).filter((name) => !names.has(name))
  if (unlisted.length > 0) throw new Error(`names in the map that are not in the list: ${unlisted.join(' ')}`)
  return [...names].map((name) => `  ${name}: ${headers[name]}`)
}

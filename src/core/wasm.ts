// The one instance of the core, its calls, and views of its memory: the only file that knows where things lie there.
// Memory never grows, so each view is made once. assembly/memory.ts draws the regions and the records.
import source from '#core'
import * as layout from './layout.js'
import { load } from './load.js'

export type ReadHead = (
  start: number,
  end: number,
  flags: number,
  maxLine: number,
  maxFields: number,
  maxHead: number,
) => number

type CoreExports = {
  memory: { readonly buffer: ArrayBuffer }
  readRequestHead: ReadHead
  readResponseHead: ReadHead
  readChunks(start: number, end: number): number
  readFrames(record: number, start: number, end: number): number
  writeFrameHeader(at: number, first: number, length: number, isMasked: boolean, key: number): number
  mask(start: number, end: number, key: number): number
  validateUtf8(state: number, start: number, end: number): number
  readQuery(start: number, end: number): void
  writeQuery(start: number, texts: number, countsUnits: boolean, output: number): number
  readMultipart(start: number, end: number): number
}

const core = load(source) as CoreExports
const { buffer } = core.memory

export const {
  readRequestHead,
  readResponseHead,
  readChunks,
  readFrames,
  writeFrameHeader,
  mask,
  validateUtf8,
  readQuery,
  writeQuery,
  readMultipart,
} = core

/** All of linear memory; a Buffer where the runtime has one, for its fast ways from bytes to text. */
export const memory: Uint8Array = typeof Buffer === 'function' ? Buffer.from(buffer) : new Uint8Array(buffer)
// The same without a Buffer's own ways, whose slices are views.
const bytes = new Uint8Array(buffer)
/** The same memory as 32-bit words, to read records: `u32[RECORD + FLAGS]`. */
export const u32 = new Uint32Array(buffer)
const f64 = new Float64Array(buffer)

/** A copy of the bytes from `start` to `end`, in memory of its own. */
export function copyOf(start: number, end: number): Uint8Array {
  return bytes.slice(start, end)
}

/** Sockets read into the window; an unfinished tail is laid in the gap before it. Sizes in bytes. */
export const gapSize = layout.GAP_SIZE
export const windowStart = layout.INBOX + gapSize
export const windowSize = layout.WINDOW_SIZE
export const window: Uint8Array = new Uint8Array(buffer, windowStart, windowSize)

/** Where codec calls that come from no socket lay their input. */
export const deskStart = layout.DESK
export const deskSize = layout.DESK_SIZE

/** Where frames lie that are to be sent: several trays, side by side. */
export const traysStart = layout.TRAYS
export const traySize = layout.TRAY_SIZE
export const trayCount = layout.TRAY_COUNT

export const maxFields = layout.MAX_FIELDS

// Words of the head record, as indices into u32.
const RECORD = layout.RECORD >> 2
export const RESUME_AT = RECORD
export const FIELD_COUNT = RECORD + 1
export const FLAGS = RECORD + 2
export const METHOD = RECORD + 3
export const METHOD_END = RECORD + 4
export const TARGET_START = RECORD + 5
export const TARGET_END = RECORD + 6
export const PATH_START = RECORD + 7
export const QUERY_START = RECORD + 8
export const HOST_START = RECORD + 9
export const HOST_END = RECORD + 10
export const PORT = RECORD + 11
export const ERROR_AT = RECORD + 14
export const HEAD_START = RECORD + 15
export const FIELDS = layout.FIELD_RECORDS >> 2
const CONTENT_LENGTH = (layout.RECORD + 48) >> 3

export function contentLength(): number {
  return f64[CONTENT_LENGTH]!
}

// Bits of the head record's flags.
export const STARTED = layout.STARTED
export const VERSION_1_1 = layout.VERSION_1_1
export const CONNECTION_CLOSE = layout.CONNECTION_CLOSE
export const CONNECTION_KEEP_ALIVE = layout.CONNECTION_KEEP_ALIVE
export const CONNECTION_UPGRADE = layout.CONNECTION_UPGRADE
export const UPGRADE_WEBSOCKET = layout.UPGRADE_WEBSOCKET
export const EXPECT_CONTINUE = layout.EXPECT_CONTINUE
export const EXPECT_OTHER = layout.EXPECT_OTHER
export const HAS_CONTENT_LENGTH = layout.HAS_CONTENT_LENGTH
export const HAS_TRANSFER_ENCODING = layout.HAS_TRANSFER_ENCODING
export const ABSOLUTE_TARGET = layout.ABSOLUTE_TARGET
export const IN_TRAILERS = layout.IN_TRAILERS

export const CHUNKS_DONE = layout.CHUNKS_DONE
export const CHUNKS_TRAILERS = layout.CHUNKS_TRAILERS

// The chunk record. Its first three words, `remaining` and `size` are the place in the coding, which each message keeps.
const CHUNK_RECORD = layout.CHUNK_RECORD >> 2
const CHUNK_REMAINING = (layout.CHUNK_RECORD + 24) >> 3
export const DATA_START = CHUNK_RECORD + 3
export const DATA_END = CHUNK_RECORD + 4
export const CHUNK_CONSUMED = CHUNK_RECORD + 5

/** Where a message is in its chunked coding, between two calls of `readChunks`. */
export class ChunkPlace {
  private phase = 0
  private digits = 0
  private extensionBytes = 0
  private size = 0
  /** Bytes of data still to come in the chunk whose size has been read. */
  remaining = 0

  load(): void {
    u32[CHUNK_RECORD] = this.phase
    u32[CHUNK_RECORD + 1] = this.digits
    u32[CHUNK_RECORD + 2] = this.extensionBytes
    f64[CHUNK_REMAINING] = this.remaining
    f64[CHUNK_REMAINING + 1] = this.size
  }

  save(): void {
    this.phase = u32[CHUNK_RECORD]!
    this.digits = u32[CHUNK_RECORD + 1]!
    this.extensionBytes = u32[CHUNK_RECORD + 2]!
    this.remaining = f64[CHUNK_REMAINING]!
    this.size = f64[CHUNK_REMAINING + 1]!
  }
}

// The frame record and its rows. What `readFrames` needs to go on is its place, which each connection keeps.
export const INBOX_FRAMES = layout.INBOX_FRAMES
export const DESK_FRAMES = layout.DESK_FRAMES
export const MAX_FRAME_ROWS = layout.MAX_FRAME_ROWS

/** Words of a row: flags, start, end; the lowest bits of its flags are the opcode. */
export const ROW_SIZE = 3
export const ROW_FIN = layout.ROW_FIN
export const ROW_RSV1 = layout.ROW_RSV1
export const ROW_BEGINS = layout.ROW_BEGINS
export const ROW_ENDS = layout.ROW_ENDS
export const ROW_NON_ASCII = layout.ROW_NON_ASCII

const EXPECTS_MASK = layout.EXPECTS_MASK
const ALLOWS_DEFLATE = layout.ALLOWS_DEFLATE
const HAS_CLOSED = layout.HAS_CLOSED

/** Where a stream of frames is, between two calls of `readFrames`. */
export class FramePlace {
  private readonly maxMessage: number
  private flags: number
  private utf8 = 0
  private key = 0
  private frame = 0
  private messageBytes = 0
  /** Payload bytes to come of the frame that has begun. */
  remaining = 0

  constructor(expectsMask: boolean, allowsDeflate: boolean, maxMessage: number) {
    this.flags = (expectsMask ? EXPECTS_MASK : 0) | (allowsDeflate ? ALLOWS_DEFLATE : 0)
    this.maxMessage = maxMessage
  }

  /** A close frame has been read. */
  get hasClosed(): boolean {
    return (this.flags & HAS_CLOSED) !== 0
  }

  load(record: number): void {
    const word = record >> 2
    const number = (record + 24) >> 3
    u32[word] = this.flags
    u32[word + 1] = this.utf8
    u32[word + 2] = this.key
    u32[word + 3] = this.frame
    f64[number] = this.messageBytes
    f64[number + 1] = this.maxMessage
    f64[number + 2] = this.remaining
  }

  save(record: number): void {
    const word = record >> 2
    const number = (record + 24) >> 3
    this.flags = u32[word]!
    this.utf8 = u32[word + 1]!
    this.key = u32[word + 2]!
    this.frame = u32[word + 3]!
    this.messageBytes = f64[number]!
    this.remaining = f64[number + 2]!
  }
}

/** Where the rows of a frame record begin, as an index into u32. */
export function rowsOf(record: number): number {
  return (record >> 2) + 12
}

/** Rows that the last call filled. */
export function rowCountOf(record: number): number {
  return u32[(record >> 2) + 4]!
}

/** Bytes that it read. */
export function consumedOf(record: number): number {
  return u32[(record >> 2) + 5]!
}

// The query record: what `readQuery` found, and the ends of texts that `writeQuery` is to write.
const QUERY_RECORD = layout.QUERY_RECORD >> 2
export const PAIR_COUNT = QUERY_RECORD
export const QUERY_CONSUMED = QUERY_RECORD + 1
/** Not 0 where a byte of the input is above 0x7f. */
export const QUERY_NON_ASCII = QUERY_RECORD + 2
/** Rows of two words: where name and value end in the output, shifted left by the bit that says an escape is not ASCII. */
export const PAIRS = QUERY_RECORD + 4
export const MAX_PAIRS_READ = layout.MAX_PAIRS_READ
/** The output of `readQuery` begins so many bytes before its input. */
export const QUERY_GAP = layout.QUERY_GAP

// The multipart record and its rows. What `readMultipart` needs to go on is its place, which each body keeps.
const MULTIPART_RECORD = layout.MULTIPART_RECORD >> 2
export const PART_COUNT = MULTIPART_RECORD + 4
export const MULTIPART_CONSUMED = MULTIPART_RECORD + 5
export const PART_ROWS = MULTIPART_RECORD + 6
export const MAX_PART_ROWS = layout.MAX_PART_ROWS

// Words of a row; spans are addresses.
export const PART_FLAGS = 0
export const PART_HEAD_START = 1
export const PART_HEAD_END = 2
export const NAME_START = 3
export const NAME_END = 4
export const FILENAME_START = 5
export const FILENAME_END = 6
export const TYPE_START = 7
export const TYPE_END = 8
export const PART_DATA_START = 9
export const PART_DATA_END = 10
export const PART_ROW_SIZE = 11

export const PART_BEGINS = layout.PART_BEGINS
export const PART_ENDS = layout.PART_ENDS
export const HAS_NAME = layout.HAS_NAME
export const NAME_CODED = layout.NAME_CODED
export const NAME_EXTENDED = layout.NAME_EXTENDED
export const HAS_FILENAME = layout.HAS_FILENAME
export const FILENAME_CODED = layout.FILENAME_CODED
export const FILENAME_EXTENDED = layout.FILENAME_EXTENDED
export const HAS_TYPE = layout.HAS_TYPE

const DELIMITER = layout.DELIMITER
const IN_PART_HEAD = layout.IN_PART_HEAD
const IN_EPILOGUE = layout.IN_EPILOGUE

/** Where a multipart body is, between two calls of `readMultipart`. */
export class MultipartPlace {
  private readonly delimiter: Uint8Array
  private readonly isFormData: boolean
  private readonly maxHead: number
  private phase = layout.IN_PREAMBLE

  constructor(delimiter: Uint8Array, isFormData: boolean, maxHead: number) {
    this.delimiter = delimiter
    this.isFormData = isFormData
    this.maxHead = maxHead
  }

  get isInHead(): boolean {
    return this.phase === IN_PART_HEAD
  }

  /** The last delimiter has been read. */
  get isInEpilogue(): boolean {
    return this.phase === IN_EPILOGUE
  }

  load(): void {
    memory.set(this.delimiter, DELIMITER)
    u32[MULTIPART_RECORD] = this.phase
    u32[MULTIPART_RECORD + 1] = this.isFormData ? 1 : 0
    u32[MULTIPART_RECORD + 2] = this.delimiter.length
    u32[MULTIPART_RECORD + 3] = this.maxHead
  }

  save(): void {
    this.phase = u32[MULTIPART_RECORD]!
  }
}

/** The methods and field names the core knows, by number; word 0 is the empty string. */
export const words: readonly string[] = Array.from({ length: layout.WORD_COUNT }, (_, word) => {
  const start = layout.WORDS + word * layout.WORD_SIZE
  const text = String.fromCharCode(...memory.subarray(start, start + layout.WORD_SIZE))
  return text.replace(/\0+$/, '')
})

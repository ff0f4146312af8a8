// The records in linear memory that the core shares with its host; its large regions are in regions.ts. All are fixed at
// compile time and memory never grows, so a view the host takes once stays good for ever.

/** The largest number of field-lines a head can have; `maxHeaders` may be less, not more. */
export const MAX_FIELDS: i32 = 2048

// What a call found, 20 words and then one record for each field-line. Offsets count from the call's `start`.
//
//   0  resumeAt        where the unfinished line begins, after NEED_MORE
//   1  fieldCount
//   2  flags           the bits below
//   3  method          id of an interned word (words.ts), 0 for another; a status code in a response
//   4  methodEnd       the method stands from headStart to here
//   5  targetStart     a reason phrase's, in a response
//   6  targetEnd
//   7  pathStart       where an absolute-form target's path begins (targetEnd if it has none), else targetStart
//   8  queryStart      offset of '?', or 0
//   9  hostStart       of the target's authority, else of the Host field
//  10  hostEnd
//  11  port            -1: none stated
//  12  contentLength   an f64, in words 12 and 13
//  14  errorAt
//  15  headStart       past an empty line before the request-line
//  16  seenAt          the byte that showed the fault, where that is not the byte at errorAt but a later one
//
// A field-line's record, 4 words:
//  ├── nameStart ──┼── nameLength << 8 | word id ──┼── valueStart ──┼── valueEnd ──┤
@unmanaged
export class HeadRecord {
  resumeAt: u32
  fieldCount: u32
  flags: u32
  method: u32
  methodEnd: u32
  targetStart: u32
  targetEnd: u32
  pathStart: u32
  queryStart: u32
  hostStart: u32
  hostEnd: u32
  port: i32
  contentLength: f64
  errorAt: u32
  headStart: u32
  seenAt: u32
}

const HEAD_RECORD_SIZE: i32 = 80

export const RECORD: usize = memory.data(HEAD_RECORD_SIZE + (MAX_FIELDS + 1) * 16, 16)
export const FIELD_RECORDS: usize = RECORD + HEAD_RECORD_SIZE
const FIELD_RECORD_SIZE: u32 = 16

/** Where the record of field-line `index` lies. */
export function fieldRecord(index: u32): usize {
  return FIELD_RECORDS + index * FIELD_RECORD_SIZE
}

// Bits of HeadRecord.flags. They are also what a later call needs to go on in the same head.
export const STARTED: u32 = 1 // the start-line has been read
export const VERSION_1_1: u32 = 2
export const CONNECTION_CLOSE: u32 = 4
export const CONNECTION_KEEP_ALIVE: u32 = 8
export const CONNECTION_UPGRADE: u32 = 16
export const UPGRADE_WEBSOCKET: u32 = 32
export const EXPECT_CONTINUE: u32 = 64
export const EXPECT_OTHER: u32 = 128
export const HAS_HOST: u32 = 256
export const HAS_CONTENT_LENGTH: u32 = 512
export const HAS_TRANSFER_ENCODING: u32 = 1024
export const ABSOLUTE_TARGET: u32 = 2048
export const IN_TRAILERS: u32 = 4096
export const IN_RESPONSE: u32 = 8192

// The chunked coding's place between two calls (http/chunked.ts); the host keeps it for each connection.
@unmanaged
export class ChunkRecord {
  phase: u32
  digits: u32 // hexadecimal digits of the chunk-size read so far
  extensionBytes: u32 // of the whole message
  dataStart: u32 // the span of chunk data this call found; offsets count from its `start`
  dataEnd: u32
  consumed: u32
  remaining: f64 // bytes of data still to come in the chunk whose size has been read
  size: f64 // the chunk-size as far as it has been read
}

export const CHUNK_RECORD: usize = memory.data(64, 16)

// What `readFrames` knows and finds (websocket/frame.ts), 12 words and then a row for each frame, or piece of one. The
// words up to `rowCount` and the last two numbers are the place in the stream of frames, which the host keeps for each
// connection.
@unmanaged
export class FrameRecord {
  flags: u32 // what may come, and what has begun: the bits below
  utf8: u32 // where the text that has begun stands (utf8.ts)
  key: u32 // the masking key of the frame that has begun, turned to its next byte
  frame: u32 // the row flags of the frame that has begun
  rowCount: u32
  consumed: u32
  messageBytes: f64 // payload of the message that has begun, as declared so far
  maxMessage: f64
  remaining: f64 // payload bytes to come of the frame that has begun
}

// A row, 3 words. The payload is unmasked where it lies; its place is an address, not an offset.
//  ├── flags ──┼── start ──┼── end ──┤
const FRAME_RECORD_SIZE: i32 = 48
export const FRAME_ROW_SIZE: i32 = 12
export const MAX_FRAME_ROWS: u32 = 512

const FRAME_TABLE_SIZE: i32 = FRAME_RECORD_SIZE + FRAME_ROW_SIZE * <i32>MAX_FRAME_ROWS

/** Frames that came from a socket; and those of a codec call, which a handler may make while the first are worked off. */
export const INBOX_FRAMES: usize = memory.data(FRAME_TABLE_SIZE, 16)
export const DESK_FRAMES: usize = memory.data(FRAME_TABLE_SIZE, 16)

/** Where row `index` of the record's table lies. */
export function frameRow(record: FrameRecord, index: u32): usize {
  return changetype<usize>(record) + FRAME_RECORD_SIZE + index * FRAME_ROW_SIZE
}

// Bits of FrameRecord.flags.
export const EXPECTS_MASK: u32 = 1 // the reader is a server
export const ALLOWS_DEFLATE: u32 = 2 // RSV1 has a meaning (RFC 7692 §6)
export const IN_TEXT: u32 = 4 // a message has begun, of this kind
export const IN_BINARY: u32 = 8
export const IN_DEFLATED: u32 = 16 // and it is compressed
export const IN_FRAME: u32 = 32 // a frame has begun
export const HAS_CLOSED: u32 = 64 // a close frame has come: nothing after it counts

// Bits of a row's flags; the lowest four are the opcode.
export const ROW_FIN: u32 = 16
export const ROW_RSV1: u32 = 32
export const ROW_BEGINS: u32 = 64 // the piece is its frame's first
export const ROW_ENDS: u32 = 128 // and its last
export const ROW_NON_ASCII: u32 = 256 // of a text that is not compressed: some byte is above 0x7f

// What `readQuery` found (form/query.ts): 4 words, and then a row for each pair. `writeQuery` takes the ends of its texts
// from where the rows stand.
@unmanaged
export class QueryRecord {
  pairCount: u32
  consumed: u32
  nonAscii: u32 // not 0 where a byte of the input is above 0x7f
}

// A row, 2 words: where name and value end in the output, and whether one of their escapes stood for a byte above 0x7f.
//  ├── nameEnd << 1 | isNonAscii ──┼── valueEnd << 1 | isNonAscii ──┤
const QUERY_RECORD_SIZE: i32 = 16
export const PAIR_ROW_SIZE: u32 = 8
export const MAX_PAIRS_READ: u32 = 1024

export const QUERY_RECORD: usize = memory.data(
  QUERY_RECORD_SIZE + <i32>PAIR_ROW_SIZE * <i32>MAX_PAIRS_READ,
  16,
)
export const PAIR_ROWS: usize = QUERY_RECORD + QUERY_RECORD_SIZE

// What `readMultipart` knows and finds (form/multipart.ts), 6 words and then a row for each part, or piece of one. The
// host keeps `phase` for each body.
@unmanaged
export class MultipartRecord {
  phase: u32
  isFormData: u32 // each part must have the Content-Disposition of a form's field
  delimiterLength: u32
  maxHead: u32 // bytes of a part's head, with its empty line
  rowCount: u32
  consumed: u32
}

// Spans are addresses. What the head lacks has no flag, and no span.
@unmanaged
export class PartRow {
  flags: u32
  headStart: usize
  headEnd: usize
  nameStart: usize
  nameEnd: usize
  filenameStart: usize
  filenameEnd: usize
  typeStart: usize
  typeEnd: usize
  dataStart: usize
  dataEnd: usize
}

const MULTIPART_RECORD_SIZE: i32 = 24
const PART_ROW_SIZE: i32 = 44
export const MAX_PART_ROWS: u32 = 256

export const MULTIPART_RECORD: usize = memory.data(
  MULTIPART_RECORD_SIZE + PART_ROW_SIZE * <i32>MAX_PART_ROWS,
  16,
)

/** Where row `index` lies. */
export function partRow(index: u32): usize {
  return MULTIPART_RECORD + MULTIPART_RECORD_SIZE + index * PART_ROW_SIZE
}

/** CRLF, two hyphens and the boundary: 74 bytes at the most. The host lays it here before it calls. */
export const DELIMITER: usize = memory.data(96, 16)

// Bits of PartRow.flags.
export const PART_BEGINS: u32 = 1 // the row has a head
export const PART_ENDS: u32 = 2
export const HAS_NAME: u32 = 4
export const NAME_CODED: u32 = 8 // there are quoted pairs or percent-encodings in it
export const NAME_EXTENDED: u32 = 16 // it is an ext-value (RFC 8187 §3.2)
export const HAS_FILENAME: u32 = 32
export const FILENAME_CODED: u32 = 64
export const FILENAME_EXTENDED: u32 = 128
export const HAS_TYPE: u32 = 256

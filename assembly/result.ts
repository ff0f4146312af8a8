// What a call into the core returns: bytes consumed (> 0), NEED_MORE (0), or one of these, each naming one rule that
// the input broke. src/core/protocol-error.ts gives every one its name and its status; a test holds the two together.

export const NEED_MORE: i32 = 0

// The request-line, RFC 9112 §3
export const BAD_REQUEST_LINE: i32 = -1
export const BAD_METHOD: i32 = -2
export const METHOD_NOT_IMPLEMENTED: i32 = -3
export const BAD_TARGET: i32 = -4
export const BAD_VERSION: i32 = -5
export const REQUEST_LINE_TOO_LONG: i32 = -6

// Line ends, §2.2
export const BARE_LF: i32 = -7
export const BARE_CR: i32 = -8

// Field-lines, §5
export const BAD_FIELD_NAME: i32 = -9
export const SPACE_BEFORE_COLON: i32 = -10
export const MISSING_COLON: i32 = -11
export const OBS_FOLD: i32 = -12
export const BAD_FIELD_VALUE: i32 = -13
export const FIELD_TOO_LONG: i32 = -14
export const TOO_MANY_FIELDS: i32 = -15
export const HEAD_TOO_LARGE: i32 = -16

// Routing, §3.2
export const MISSING_HOST: i32 = -17
export const REPEATED_HOST: i32 = -18
export const BAD_HOST: i32 = -19

// Framing, §6
export const BAD_CONTENT_LENGTH: i32 = -20
export const REPEATED_CONTENT_LENGTH: i32 = -21
export const BAD_TRANSFER_ENCODING: i32 = -22
export const REPEATED_TRANSFER_ENCODING: i32 = -23
export const TRANSFER_ENCODING_IN_1_0: i32 = -24
export const LENGTH_AND_TRANSFER_ENCODING: i32 = -25

// Chunked coding, §7.1
export const BAD_CHUNK_SIZE: i32 = -26
export const BAD_CHUNK_EXTENSION: i32 = -27
export const CHUNK_EXTENSIONS_TOO_LONG: i32 = -28
export const BAD_CHUNK_END: i32 = -29
export const FORBIDDEN_TRAILER: i32 = -30

// The status-line, §4
export const BAD_STATUS_LINE: i32 = -31

// WebSocket frames, RFC 6455 §5
export const RESERVED_BIT: i32 = -32
export const BAD_OPCODE: i32 = -33
export const UNMASKED_FRAME: i32 = -34
export const MASKED_FRAME: i32 = -35
export const FRAGMENTED_CONTROL: i32 = -36
export const CONTROL_TOO_LONG: i32 = -37
export const STRAY_CONTINUATION: i32 = -38
export const INTERRUPTED_MESSAGE: i32 = -39
export const BAD_LENGTH: i32 = -40
export const MESSAGE_TOO_BIG: i32 = -41
export const BAD_UTF8: i32 = -42
export const BAD_CLOSE: i32 = -43

// Multipart bodies, RFC 2046 §5.1
export const BAD_DELIMITER: i32 = -44
export const BAD_PART_HEAD: i32 = -45
export const PART_HEAD_TOO_LARGE: i32 = -46

// The core's results as errors: each has a name, what a peer is told by it (a status, or among WebSocket's a close code),
// and a sentence. The order is that of assembly/result.ts: result -1 is the first row. Rows past the core's are found by
// the host.

const rules: readonly (readonly [code: string, tells: number, message: string])[] = [
  ['BAD_REQUEST_LINE', 400, 'malformed request-line'],
  ['BAD_METHOD', 400, 'the method is not a token'],
  ['METHOD_NOT_IMPLEMENTED', 501, 'methods are case-sensitive, and this one has lower-case letters'],
  ['BAD_TARGET', 400, 'malformed request-target'],
  ['BAD_VERSION', 400, 'unsupported protocol version'],
  ['REQUEST_LINE_TOO_LONG', 414, 'the request-line is too long'],
  ['BARE_LF', 400, 'a line feed without a carriage return'],
  ['BARE_CR', 400, 'a carriage return without a line feed'],
  ['BAD_FIELD_NAME', 400, 'a field name is not a token'],
  ['SPACE_BEFORE_COLON', 400, 'white space between a field name and its colon'],
  ['MISSING_COLON', 400, 'a field line without a colon'],
  ['OBS_FOLD', 400, 'a folded field line'],
  ['BAD_FIELD_VALUE', 400, 'a control character in a field value'],
  ['FIELD_TOO_LONG', 431, 'a field line is too long'],
  ['TOO_MANY_FIELDS', 431, 'too many field lines'],
  ['HEAD_TOO_LARGE', 431, 'the head is too large'],
  ['MISSING_HOST', 400, 'HTTP/1.1 without Host'],
  ['REPEATED_HOST', 400, 'more than one Host'],
  ['BAD_HOST', 400, 'malformed Host'],
  ['BAD_CONTENT_LENGTH', 400, 'malformed Content-Length'],
  ['REPEATED_CONTENT_LENGTH', 400, 'more than one Content-Length'],
  ['BAD_TRANSFER_ENCODING', 400, 'a Transfer-Encoding other than chunked'],
  ['REPEATED_TRANSFER_ENCODING', 400, 'more than one Transfer-Encoding'],
  ['TRANSFER_ENCODING_IN_1_0', 400, 'Transfer-Encoding in HTTP/1.0'],
  ['LENGTH_AND_TRANSFER_ENCODING', 400, 'both Content-Length and Transfer-Encoding'],
  ['BAD_CHUNK_SIZE', 400, 'malformed chunk size'],
  ['BAD_CHUNK_EXTENSION', 400, 'malformed chunk extension'],
  ['CHUNK_EXTENSIONS_TOO_LONG', 400, 'chunk extensions are too long'],
  ['BAD_CHUNK_END', 400, 'chunk data not followed by CRLF'],
  ['FORBIDDEN_TRAILER', 400, 'a trailer that may only stand in the head'],
  ['BAD_STATUS_LINE', 502, 'malformed status-line'],
  ['RESERVED_BIT', 1002, 'a reserved bit is set'],
  ['BAD_OPCODE', 1002, 'a reserved opcode'],
  ['UNMASKED_FRAME', 1002, 'a frame from a client that is not masked'],
  ['MASKED_FRAME', 1002, 'a frame from a server that is masked'],
  ['FRAGMENTED_CONTROL', 1002, 'a fragmented control frame'],
  ['CONTROL_TOO_LONG', 1002, 'a control frame of more than 125 bytes'],
  ['STRAY_CONTINUATION', 1002, 'a continuation of nothing'],
  ['INTERRUPTED_MESSAGE', 1002, 'a new message in the middle of another'],
  ['BAD_LENGTH', 1002, 'a length that is not written as it must be'],
  ['MESSAGE_TOO_BIG', 1009, 'the message is too big'],
  ['BAD_UTF8', 1007, 'text that is not UTF-8'],
  ['BAD_CLOSE', 1002, 'a close frame with a code that may not be sent'],
  ['BAD_DELIMITER', 400, 'a multipart boundary that no line end follows'],
  ['BAD_PART_HEAD', 400, 'malformed head of a part'],
  ['PART_HEAD_TOO_LARGE', 413, 'the head of a part is too large'],
  ['BAD_DEFLATE', 1007, 'a message that cannot be inflated'],
  ['BAD_EXTENSIONS', 400, 'malformed Sec-WebSocket-Extensions, or what was not offered'],
  ['BODY_TOO_LARGE', 413, 'the body is too large'],
  ['BODY_CUT_SHORT', 400, 'the client has gone in the middle of the body'],
  ['TOO_MANY_PAIRS', 413, 'too many names and values'],
  ['QUERY_TOO_LARGE', 413, 'too many bytes of names and values'],
  ['UNKNOWN_CHARSET', 415, 'a form in an unknown charset'],
  ['BAD_BOUNDARY', 400, 'no multipart type with a boundary of 1 to 70 characters'],
  ['MISSING_FINAL_BOUNDARY', 400, 'the body ends before its last boundary'],
  ['TOO_MANY_PARTS', 413, 'too many parts'],
  ['TOO_MANY_FORM_FIELDS', 413, 'too many fields'],
  ['TOO_MANY_FILES', 413, 'too many files'],
  ['FIELD_TOO_LARGE', 413, 'a field is too large'],
  ['FIELDS_TOO_LARGE', 413, 'the fields together are too large'],
  ['FILE_TOO_LARGE', 413, 'a file is too large'],
  ['MULTIPART_TOO_LARGE', 413, 'the multipart body is too large'],
  ['EXPECTATION_FAILED', 417, 'the only expectation met is 100-continue'],
  ['BAD_PROXY_HEADER', 400, 'malformed PROXY protocol header'],
  ['HEADERS_TIMEOUT', 408, 'the head took too long'],
  ['BODY_TIMEOUT', 408, 'the body stalled'],
  ['UNASKED_UPGRADE', 502, 'another protocol, which nobody has asked for'],
  ['TOO_MANY_INTERIM', 502, 'too many interim responses'],
]

const CORE_RULES = 46
const FIRST_CLOSE_CODE = 1000

/** What a peer sent broke the protocol, or one of our limits. `code` names the rule, `status` or `closeCode` answers it. */
export class ProtocolError extends Error {
  /** The rule, as in BAD_HOST or MISSING_COLON. */
  readonly code: string
  /** An HTTP status to answer with. */
  readonly status?: number
  /** A WebSocket's close code to answer with. */
  readonly closeCode?: number
  /** Where the fault is, in bytes from the begin of what was read. */
  readonly offset?: number

  constructor(
    code: string,
    message: string,
    details: { status?: number; closeCode?: number; offset?: number } = {},
  ) {
    super(message)
    this.name = 'ProtocolError'
    this.code = code
    Object.assign(this, details)
  }
}

/** The error behind a negative result of the core. */
export function errorOfResult(result: number, offset?: number): ProtocolError {
  return errorOfRule(rules[-result - 1]!, offset)
}

/** An error by its code. */
export function protocolError(code: string): ProtocolError {
  return errorOfRule(rules.find((rule) => rule[0] === code)!)
}

function errorOfRule([code, tells, message]: (typeof rules)[number], offset?: number): ProtocolError {
  const answer = tells < FIRST_CLOSE_CODE ? { status: tells } : { closeCode: tells }
  return new ProtocolError(code, message, offset === undefined ? answer : { ...answer, offset })
}

/** Every code a core call can return, in the order of its results. */
export const resultCodes: readonly string[] = rules.slice(0, CORE_RULES).map((rule) => rule[0])

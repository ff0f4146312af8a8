// A response's fields as text (RFC 9112 §4 to §6): the user's, and what they say of what is the server's; framing,
// Connection and Date are its own.
import {
  CONNECTION,
  CONTENT_LENGTH,
  CONTENT_TYPE,
  DATE,
  demandMap,
  fieldName,
  fieldValue,
  KEEP_ALIVE,
  ORDINARY,
  SERVER,
  type SentHeaders,
  statedLength,
} from './field-line.js'

export type ResponseHeaders = SentHeaders

/** The user's fields: their lines, and what they say of what the server decides. */
export interface WrittenFields {
  /** Field-lines in the user's order and spelling, those left out that are the server's alone. */
  lines: string
  /** Content-Length as stated, or -1. */
  statedLength: number
  /** True for `Connection: close`. */
  closes: boolean
  /** Further tokens of Connection, such as `upgrade`. */
  connection: string
  hasDate: boolean
  hasServer: boolean
  hasType: boolean
}

// One record for all: it is read before the next head is written.
const written: WrittenFields = {
  lines: '',
  statedLength: -1,
  closes: false,
  connection: '',
  hasDate: false,
  hasServer: false,
  hasType: false,
}

/**
 * Writes the user's fields. The result is valid until the next call.
 *
 * @throws TypeError for a name that is not a token, or CR, LF, NUL and the like in a value (RFC 9110 §5.5)
 */
export function writeFields(headers: ResponseHeaders | undefined): Readonly<WrittenFields> {
  written.lines = written.connection = ''
  written.statedLength = -1
  written.closes = written.hasDate = written.hasServer = written.hasType = false
  demandMap(headers)
  for (const name in headers) {
    const value = headers[name]
    if (value === null || value === undefined) continue
    const field = fieldName(name)
    const { kind } = field
    if (kind !== ORDINARY) noteField(kind, value)
    if (kind >= CONTENT_LENGTH && kind <= KEEP_ALIVE) continue
    written.lines += field.lines(value)
  }
  return written
}

function noteField(kind: number, value: NonNullable<ResponseHeaders[string]>): void {
  if (kind === CONTENT_LENGTH) written.statedLength = statedLength(value)
  else if (kind === CONNECTION) noteConnection(String(value))
  else if (kind === DATE) written.hasDate = true
  else if (kind === SERVER) written.hasServer = true
  else if (kind === CONTENT_TYPE) written.hasType = true
}

function noteConnection(value: string): void {
  for (const token of fieldValue(value).split(',')) {
    const name = token.trim().toLowerCase()
    if (name === 'close') written.closes = true
    else if (name !== '' && name !== 'keep-alive') written.connection += `${token.trim()}, `
  }
}

// Requests with a form in them, byte by byte as a test wants them: the writer shares nothing with the code under test.
//
//   multipart([{ name: 'note', content: 'hi' }, { name: 'file', filename: 'a.txt', type: 'text/plain', content: bytes }])
//   posted(body)                            a POST of multipart/form-data with boundary b, its length stated
//   posted(body, { type, target, method, fields: ['Expect: 100-continue'] })
//   postedInChunks([piece, piece], { … })   the same in the chunked coding
//   headOf(body.length, { … })              the head alone

export type Bytes = string | Uint8Array

export interface PartToWrite {
  name?: string
  content: Bytes
  filename?: string
  /** Content-Type, as written. */
  type?: string
  /** Lines of the part's head instead of all that, without their last CRLF. */
  head?: string
}

export interface RequestToWrite {
  /** Content-Type, as written; undefined leaves the field out. */
  type?: string | undefined
  target?: string
  method?: string
  fields?: string[]
}

export const BOUNDARY = 'b'
export const FORM_DATA = `multipart/form-data; boundary=${BOUNDARY}`
export const URLENCODED = 'application/x-www-form-urlencoded'
/** A request of no harm, whose answer tells that its connection is well. */
export const NEXT = 'GET /next HTTP/1.1\r\nHost: x\r\n\r\n'

/** A message of these parts. Text is UTF-8; names are written as they are. */
export function multipart(parts: readonly PartToWrite[], boundary = BOUNDARY): Buffer {
  return Buffer.concat([...parts.map((part) => writtenPart(part, boundary)), bytesOf(`--${boundary}--\r\n`)])
}

function writtenPart(part: PartToWrite, boundary: string): Buffer {
  const start = `--${boundary}\r\n${part.head ?? headOfPart(part)}\r\n\r\n`
  return Buffer.concat([bytesOf(start), bytesOf(part.content), bytesOf('\r\n')])
}

function headOfPart({ name, filename, type }: PartToWrite): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`
  const line = `Content-Disposition: form-data; name="${name}"${file}`
  return type === undefined ? line : `${line}\r\nContent-Type: ${type}`
}

export function posted(body: Bytes, request?: RequestToWrite): Buffer {
  const bytes = bytesOf(body)
  return Buffer.concat([headOf(bytes.length, request), bytes])
}

export function postedInChunks(pieces: readonly Bytes[], request?: RequestToWrite): Buffer {
  const chunks = pieces.flatMap((piece) => {
    const bytes = bytesOf(piece)
    return [bytesOf(`${bytes.length.toString(16)}\r\n`), bytes, bytesOf('\r\n')]
  })
  return Buffer.concat([headOf('chunked', request), ...chunks, bytesOf('0\r\n\r\n')])
}

export function headOf(framing: number | 'chunked', request: RequestToWrite = {}): Buffer {
  const { target = '/', method = 'POST', fields = [] } = request
  const type = 'type' in request ? request.type : FORM_DATA
  const framed = framing === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${framing}`
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: x', framed, ...fields]
  if (type !== undefined) lines.push(`Content-Type: ${type}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

export function bytesOf(data: Bytes): Buffer {
  return typeof data === 'string' ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length)
}

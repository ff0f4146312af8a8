// What decodeMultipart makes of a body, as the event lines of the corpus (test/support/multipart-corpus.ts):
//
//   part name="a" filename="b.txt" type="image/png"    a name that is undefined is left out, and so is text/plain
//     content-disposition: form-data; name="a"; filename="b.txt"
//   data "…"             all bytes of a part; nothing where it is empty
//   cut "…"              what came of a part before its reader threw
//   end                  or
//   error CODE STATUS
import { decodeMultipart, type MultipartLimits, type MultipartPart, ProtocolError } from '../../src/core.js'

/** Takes a part's bytes one way or another. What it throws is the part's error. */
export type PartReading = (part: MultipartPart, take: (bytes: Uint8Array) => void) => Promise<void>

/** The lines that the pieces give. */
export async function logOf(
  pieces: Iterable<Uint8Array>,
  contentType: string,
  limits: MultipartLimits = {},
  read: PartReading = piecewise,
): Promise<string[]> {
  const lines: string[] = []
  try {
    const parts = decodeMultipart(streamOf(pieces), contentType, limits)[Symbol.asyncIterator]()
    for (let next = await parts.next(); !next.done; next = await parts.next()) {
      lines.push(...headLines(next.value))
      const error = await addData(lines, next.value, read)
      if (error !== undefined) await demandSame(parts, error)
    }
    lines.push('end')
  } catch (error) {
    lines.push(errorLineOf(error))
  }
  return lines
}

/** The part's pieces as they come. */
export async function piecewise(part: MultipartPart, take: (bytes: Uint8Array) => void): Promise<void> {
  for await (const piece of part) {
    if (piece.length === 0) throw new Error('an empty piece')
    take(piece)
  }
}

export async function* streamOf(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

function headLines({ name, filename, contentType, headers }: MultipartPart): string[] {
  const fields = Object.keys(headers).map((field) => `  ${field}: ${headers[field]}`)
  return [partLine(name, filename, contentType), ...fields]
}

export function partLine(name: string | undefined, filename: string | undefined, type: string): string {
  const words = [
    'part',
    ...(name === undefined ? [] : [`name=${JSON.stringify(name)}`]),
    ...(filename === undefined ? [] : [`filename=${JSON.stringify(filename)}`]),
    ...(type === 'text/plain' ? [] : [`type=${JSON.stringify(type)}`]),
  ]
  return words.join(' ')
}

export function dataLines(kind: 'data' | 'cut', bytes: Uint8Array): string[] {
  return bytes.length === 0 && kind === 'data' ? [] : [`${kind} "${escapeBytes(bytes)}"`]
}

/** Bytes as the corpus writes them. */
export function escapeBytes(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return text.replace(/[^ -~]|[\\"{]/g, (character) => escapes[character] ?? hexEscape(character))
}

const escapes: Readonly<Record<string, string>> = {
  '\r': '\\r',
  '\n': '\\n',
  '\t': '\\t',
  '\\': '\\\\',
  '"': '\\"',
}

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}

/** @returns what the part's reader threw */
async function addData(lines: string[], part: MultipartPart, read: PartReading): Promise<unknown> {
  const pieces: Uint8Array[] = []
  try {
    await read(part, (bytes) => pieces.push(Uint8Array.from(bytes)))
  } catch (error) {
    lines.push(...dataLines('cut', Buffer.concat(pieces)))
    return error
  }
  lines.push(...dataLines('data', Buffer.concat(pieces)))
  return undefined
}

async function demandSame(parts: AsyncIterator<MultipartPart>, error: unknown): Promise<void> {
  const after = await parts.next().then(
    () => 'no error',
    (again: unknown) => again,
  )
  if (after !== error) throw new Error(`after ${error} in a part, the next part is ${after}`)
  throw error
}

export function errorLineOf(error: unknown): string {
  if (!(error instanceof ProtocolError)) throw error
  return `error ${error.code} ${error.status}`
}

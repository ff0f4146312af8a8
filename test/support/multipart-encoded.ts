// What encodeMultipart writes, as one text or as its parts.
import { type EncodedMultipart, encodeMultipart, type Part } from '../../src/core.js'
import { readForm } from './multipart-source.js'

type Options = Parameters<typeof encodeMultipart>[1]

export async function bytesOf(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of source) pieces.push(Uint8Array.from(piece))
  return Buffer.concat(pieces)
}

/** The body with the boundary `b`. */
export async function written(parts: Part[], options?: Options): Promise<string> {
  return String(await bytesOf(encodeMultipart(parts, { boundary: 'b', ...options }).body))
}

/** The one part, its delimiter and its end left out. */
export async function writtenPart(part: Part, options?: Options): Promise<string> {
  const text = await written([part], options)
  const [, inner] = /^--b\r\n([\s\S]*)\r\n--b--\r\n$/.exec(text) ?? []
  if (inner === undefined) throw new Error(`no one part: ${JSON.stringify(text)}`)
  return inner
}

/** The parts that decodeMultipart finds in it. */
export function readBack({ body, contentType }: EncodedMultipart): ReturnType<typeof readForm> {
  return readForm(body, { maxParts: 1e9, maxFields: 1e9, maxFiles: 1e9, maxFieldSize: 1e9 }, contentType)
}

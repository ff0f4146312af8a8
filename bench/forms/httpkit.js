import { decodeMultipart, encodeMultipart, encodeQuery, parseQuery } from 'httpkit-wasm/core'

export const parse = (text) => parseQuery(text)
export const encode = (map) => encodeQuery(map)

export async function readFields(body, contentType, onField) {
  for await (const part of decodeMultipart(body, contentType)) onField(part.name, await part.text())
}

export async function readFile(body, contentType, onPiece) {
  for await (const part of decodeMultipart(body, contentType)) {
    for await (const piece of part) onPiece(piece)
  }
}

export async function writeForm({ fields, file }, onPiece) {
  const parts = fields.map(([name, content]) => ({ name, content }))
  if (file) {
    const { name, filename, type, bytes } = file
    parts.push({ name, filename, contentType: type, content: bytes })
  }
  const { contentType, body } = encodeMultipart(parts)
  for await (const piece of body) onPiece(piece)
  return contentType
}

import busboy from 'busboy'
import { writeAll } from './write-all.js'

// Pieces of 64 KiB are more than what streams hold by default.
const limits = { highWaterMark: 2 ** 20, fileHwm: 2 ** 20 }

export function readFields(body, contentType, onField) {
  return writeAll(parserOf(contentType).on('field', onField), body)
}

export function readFile(body, contentType, onPiece) {
  const parser = parserOf(contentType)
  parser.on('file', (_, file) => file.on('data', onPiece))
  return writeAll(parser, body)
}

function parserOf(contentType) {
  return busboy({ headers: { 'content-type': contentType }, ...limits })
}

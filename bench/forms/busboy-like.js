// What busboy and its fork have in common: all but how a parser is made.

import { writeAll } from './write-all.js'

// Pieces of 64 KiB are more than what streams hold by default.
const limits = { highWaterMark: 2 ** 20, fileHwm: 2 ** 20 }

export function readersWith(makeParser) {
  const parserOf = (contentType) => makeParser({ headers: { 'content-type': contentType }, ...limits })
  return {
    readFields(body, contentType, onField) {
      return writeAll(parserOf(contentType).on('field', onField), body)
    },
    readFile(body, contentType, onPiece) {
      const parser = parserOf(contentType)
      parser.on('file', (_, file) => file.on('data', onPiece))
      return writeAll(parser, body)
    },
  }
}

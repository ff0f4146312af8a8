// Forms against busboy 1.6. Rows judge by the bytes: by what stands behind a boundary, in the part's head and in its data, and by
// what busboy makes of that head alone. Where it loses a part, it says nothing: no event, no error.
import { parameterOf } from '../../../build/modules/core/media-type.js'
import { Failure } from '../engine/failure.js'
import { readMultipartBody, ways } from '../transcripts/multipart.js'
import {
  disagreements,
  EPILOGUE,
  LOST,
  PADDING,
  PART,
  SHARED_LINE_END,
  WHOLE,
} from './multipart-disagreements.js'
import {
  dispositionIn,
  isExtendedValue,
  isFolded,
  isMalformedInExtended,
  isMediaType,
  nameIn,
  parameterIn,
  valuesIn,
  withoutEscapes,
} from './multipart-heads.js'

const PEER = 'busboy'
const peers = [PEER]

/** @param bytes a Buffer; @throws Failure for a disagreement that no row explains */
export function compareMultipart(bytes, transcript, way) {
  for (const disagreement of disagreements(bytes, transcript, way)) {
    if (rowOf(disagreement) === undefined) throw new Failure(PEER, `${disagreement}`)
  }
}

/** @param example with the way's byte */
export function disagreementsOn(example) {
  const bytes = Buffer.from(example.slice(1), 'latin1')
  const way = ways[example[0]]
  const found = disagreements(bytes, readMultipartBody([bytes], way), way)
  return Array.from(found, (disagreement) => ({ peer: PEER, row: rowOf(disagreement)?.name }))
}

function rowOf(disagreement) {
  return differences.find((row) => row.explains(disagreement))
}

function isLostPart({ about, theirs }) {
  return about === PART && theirs === LOST
}

/** They have lost a part, and we have its right name. */
function isRightPart(d) {
  return isLostPart(d) && d.ours === nameIn(d.head, 'name')
}

/** About a name, or a filename, of which ours is the right one. */
function isRightName({ about, ours, head }) {
  return (about === 'name' || about === 'filename') && ours === nameIn(head, about)
}

/** Whether two parameters of the disposition have this name. */
function repeats(head, name) {
  return (dispositionIn(head)?.parameters ?? []).filter((parameter) => parameter.name === name).length > 1
}

function hasDisposition(head) {
  return valuesIn(head, 'content-disposition').length > 0
}

function isExtended({ name }) {
  return name.endsWith('*')
}

function isOfName({ name }) {
  return name === 'name*' || name === 'filename*'
}

function extendedOf({ about, head }) {
  return parameterIn(head, `${about}*`)
}

function hasText(parameter) {
  return isExtendedValue(parameter) && !parameter.value.endsWith("'")
}

// An extended value of a parameter that does not matter, which they may fail at.
function isBadOther(parameter) {
  return isExtended(parameter) && !isOfName(parameter) && !hasText(parameter)
}

function isBadExtended(parameter) {
  return isOfName(parameter) ? !isExtendedValue(parameter) : isExtended(parameter) && parameter.isQuoted
}

function typeIn(head) {
  return valuesIn(head, 'content-type')[0] ?? ''
}

function charsetIn(head) {
  return parameterOf(typeIn(head), 'charset')
}

const LATIN1 = /^(?:latin1|(?:us-)?ascii|iso-?8859-?1|iso_8859-1(?::1987)?|windows-1252|(?:x-)?cp1252)$/i
const UTF_16 = /^(?:utf-?16le|ucs-?2)$/i

/** The text by a charset that Node's Buffer knows. */
function nodeText(data, charset) {
  const bytes = Buffer.from(data, 'latin1')
  if (LATIN1.test(charset)) return data
  if (UTF_16.test(charset)) return bytes.toString('utf16le')
  return charset.toLowerCase() === 'base64' ? bytes.toString('base64') : undefined
}

const CD = 'Content-Disposition: form-data'
const A = `${CD}; name="a"`

/** A body of one part. */
function one(head, data = 'x') {
  return `f--b\r\n${head}\r\n\r\n${data}\r\n--b--`
}

export const differences = [
  // Boundaries.
  {
    name: 'padding',
    peers,
    example: `f--b \r\n${A}\r\n\r\nx\r\n--b--`,
    we: 'read past blanks behind a boundary',
    they: 'lose the part that follows, without an error',
    source: 'RFC 2046 §5.1.1',
    why: 'receivers must be able to handle padding that transports have added',
    explains: ({ about }) => about === PADDING,
  },
  {
    name: 'delimiter-at-empty-line',
    peers,
    example: `f--b\r\n${A}\r\n\r\n--b\r\n${CD}; name="c"\r\n\r\nx\r\n--b--`,
    we: 'take the part for empty: the line end of its empty line is the delimiter’s, too',
    they: 'take the next part, head and all, for the data of this one',
    source: 'RFC 2046 §5.1.1',
    why: 'body-part := MIME-part-headers [CRLF *OCTET]: a part may have no octets and no line end before them',
    explains: ({ about }) => about === SHARED_LINE_END,
  },
  {
    name: 'delimiter-in-head',
    peers,
    example: one(`${A}\r\n--b--:`),
    we: 'refuse a line of a head that begins with the boundary: BAD_PART_HEAD, or never see the head end',
    they: 'take the boundary and its line end out of the head, and join what is left',
    source: 'RFC 2046 §5.1.1',
    why: 'no line of a part may begin so; who looks for boundaries first sees another part, or the end',
    explains: ({ about, ours, head, isOpen, way }) =>
      about === WHOLE &&
      (ours === 'BAD_PART_HEAD' || (ours === 'MISSING_FINAL_BOUNDARY' && isOpen)) &&
      `\r\n${head}`.includes(`\r\n--${way.boundary}`),
  },
  {
    name: 'junk-behind-boundary',
    peers,
    example: `f--b\r\n${A}\r\n\r\nx\r\n--by\r\n--b--`,
    we: 'refuse it: BAD_DELIMITER',
    they: 'end the part there, and lose all up to the next boundary',
    source: 'RFC 2046 §5.1.1',
    why: 'it is neither a delimiter nor may it be data; to choose one would be to guess',
    explains: ({ ours, isBroken }) => ours === 'BAD_DELIMITER' && isBroken,
  },
  {
    name: 'epilogue',
    peers,
    example: `f--b--\r\n--b\r\n--b\r\n${A}\r\n\r\nx\r\n--b--`,
    we: 'ignore what follows the last boundary',
    they: 'may read parts there, or find faults, where it comes in the same piece as the last boundary',
    source: 'RFC 2046 §5.1.1',
    why: 'it must be ignored; and what a body means may not depend on how it is cut',
    explains: ({ about }) => about === EPILOGUE,
  },
  // Heads.
  {
    name: 'head-limit',
    peers,
    example: `s--b\r\nX-A: ${'1'.repeat(64)}\r\n${A}\r\n\r\nx\r\n--b--`,
    we: 'refuse a head over its limit: PART_HEAD_TOO_LARGE',
    they: 'have a limit of their own, 16 KiB',
    source: 'RFC 7578 §4',
    why: 'nothing is said of it',
    explains: ({ about, ours, head, way }) =>
      about === WHOLE && ours === 'PART_HEAD_TOO_LARGE' && head.length + 2 > way.maxHead,
  },
  {
    name: 'folded-line',
    peers,
    example: one(`${A}\r\nX-A: 1\r\n 2`),
    we: 'refuse it: BAD_PART_HEAD',
    they: 'unfold it',
    source: 'RFC 9112 §5.2',
    why: 'MIME allows it (RFC 5322 §2.2.3), but nobody who sends forms does it, and readers differ',
    explains: (d) => d.isBadHead && isFolded(d.head),
  },
  {
    name: 'repeated-field',
    peers,
    example: one(`${A}\r\n${CD}; name="c"`),
    we: 'refuse a second Content-Disposition or Content-Type: BAD_PART_HEAD',
    they: 'read the first',
    source: 'RFC 7578 §4.2',
    why: 'each part has one; others read the last',
    explains: (d) =>
      d.isBadHead &&
      ['content-disposition', 'content-type'].some((field) => valuesIn(d.head, field).length > 1),
  },
  {
    name: 'no-disposition',
    peers,
    example: one('X-A: 1'),
    we: 'refuse a part of a form without Content-Disposition: BAD_PART_HEAD',
    they: 'lose the part, without an error',
    source: 'RFC 7578 §4.2',
    why: 'each part must have one',
    explains: (d) => d.isBadHead && d.alone === undefined && !hasDisposition(d.head),
  },
  {
    name: 'other-disposition',
    peers,
    example: one('Content-Disposition: file; name="a"'),
    we: 'refuse a part of a form that is no form-data: BAD_PART_HEAD',
    they: 'lose the part, without an error',
    source: 'RFC 7578 §4.2',
    why: 'the disposition type must be form-data',
    explains: (d) =>
      d.isBadHead && d.alone === undefined && !['form-data', undefined].includes(dispositionIn(d.head)?.kind),
  },
  {
    name: 'malformed-disposition',
    peers,
    example: one(`${CD}; name=a b`),
    we: 'refuse it: BAD_PART_HEAD',
    they: 'lose the part, without an error',
    source: 'RFC 6266 §4.1',
    why: 'a field that is lost is a fault nobody sees',
    explains: (d) =>
      d.isBadHead && d.alone === undefined && hasDisposition(d.head) && dispositionIn(d.head) === undefined,
  },
  {
    name: 'parameter-without-name',
    peers,
    example: one(`${A}; ="c"`),
    we: 'refuse it: BAD_PART_HEAD',
    they: 'read it as a parameter like another',
    source: 'RFC 9110 §5.6.6',
    why: 'a name is a token, which is not empty',
    explains: (d) =>
      d.isBadHead && d.alone !== undefined && /;[ \t]*=/.test(valuesIn(d.head, 'content-disposition')[0]),
  },
  {
    name: 'malformed-language',
    peers,
    example: one(`${A}; filename*=utf-8'a b'c`),
    we: 'refuse it: BAD_PART_HEAD',
    they: 'take everything up to the next single quote for the language',
    source: 'RFC 8187 §3.2.1',
    why: 'a language has letters, digits and hyphens; what ends a parameter for others must not be part of it',
    explains: (d) =>
      d.isBadHead &&
      d.alone !== undefined &&
      isMalformedInExtended(valuesIn(d.head, 'content-disposition')[0]),
  },
  {
    name: 'no-name',
    peers,
    example: one(CD),
    we: 'refuse a part of a form without a name: BAD_PART_HEAD',
    they: 'have a field without a name, or lose it',
    source: 'RFC 7578 §4.2',
    why: 'the disposition must have a name',
    explains: (d) =>
      d.isBadHead &&
      dispositionIn(d.head)?.kind === 'form-data' &&
      ['name', 'name*'].every((name) => parameterIn(d.head, name) === undefined),
  },
  {
    name: 'repeated-parameter',
    peers,
    example: one(`${A}; name="c"`),
    we: 'refuse it: BAD_PART_HEAD',
    they: 'read the first',
    source: 'RFC 6266 §4.1',
    why: 'a parameter that comes twice is invalid; others read the last',
    explains: (d) =>
      d.isBadHead && ['name', 'filename', 'name*', 'filename*'].some((name) => repeats(d.head, name)),
  },
  {
    name: 'bad-extended-value',
    peers,
    example: one(`${A}; filename*=utf-8''%ff`),
    we: 'refuse name* and filename* that are no UTF-8 or ISO 8859-1, and any extended value in quotes: BAD_PART_HEAD',
    they: 'decode what they can, in more charsets, or lose the part',
    source: 'RFC 8187 §3.2.1',
    why: 'UTF-8 is the charset of senders; U+FFFD in a filename helps nobody',
    explains: (d) => d.isBadHead && (dispositionIn(d.head)?.parameters ?? []).some(isBadExtended),
  },
  {
    name: 'empty-parameter',
    peers,
    example: one(`${A};`),
    we: 'read past it',
    they: 'lose the part, without an error',
    source: 'RFC 9110 §5.6.6',
    why: 'parameters = *( OWS ";" OWS [ parameter ] )',
    explains: (d) => isRightPart(d) && dispositionIn(d.head).hasEmpty,
  },
  {
    name: 'backslash-before-last-quote',
    peers,
    example: one(`${A}; filename="C:\\"`),
    we: 'take it for a character of the name',
    they: 'find no end of the name, and lose the part, without an error',
    source: 'HTML, multipart/form-data encoding algorithm',
    why: 'browsers do not escape backslashes, and a name may end with one',
    explains: (d) =>
      isLostPart(d) &&
      dispositionIn(d.head) === undefined &&
      /(?<!\\)(?:\\\\)*\\"$/.test(valuesIn(d.head, 'content-disposition')[0]),
  },
  {
    name: 'other-extended-parameter',
    peers,
    example: one(`${A}; x*=y`),
    we: 'read past parameters of other names, whatever their values are',
    they: 'lose the part where such a value cannot be decoded, or take what is behind it for its language; without an error',
    source: 'RFC 2183 §2.8',
    why: 'parameters that are not known are to be ignored',
    explains: (d) =>
      (isRightPart(d) || (isRightName(d) && d.theirs === d.alone[d.about])) &&
      dispositionIn(d.head).parameters.some(isBadOther),
  },
  {
    name: 'empty-extended-value',
    peers,
    example: one(`${A}; filename="c"; filename*=utf-8''; x=y`),
    we: 'read it as an empty name',
    they: 'take the plain one, or lose the part where nothing follows',
    source: 'RFC 8187 §3.2.1',
    why: 'value-chars may be none, and an extended value beats a plain one (RFC 6266 §4.3)',
    explains: (d) =>
      (d.about === 'filename' && d.ours === '' && extendedOf(d) !== undefined && !hasText(extendedOf(d))) ||
      (isRightPart(d) && dispositionIn(d.head).parameters.some((one) => isOfName(one) && !hasText(one))),
  },
  // Names.
  {
    name: 'extended-name',
    peers,
    example: one(`${A}; name*=utf-8''c`),
    we: 'read name* as filename*, and before name',
    they: 'know filename* alone',
    source: 'RFC 8187 §3.2',
    why: 'any parameter may be extended, and the extended value is to be preferred',
    explains: (d) =>
      d.about === 'name' && isRightName(d) && extendedOf(d) !== undefined && d.theirs === d.alone.name,
  },
  {
    name: 'percent-escapes',
    peers,
    example: one(`${CD}; name="%22"`),
    we: 'read %22, %0D and %0A as the characters they stand for',
    they: 'keep them',
    source: 'HTML, multipart/form-data encoding algorithm',
    why: 'so browsers write a quote and a line end in a name',
    explains: (d) =>
      isRightName(d) &&
      extendedOf(d) === undefined &&
      typeof d.theirs === 'string' &&
      withoutEscapes(d.theirs) === d.ours,
  },
  {
    name: 'empty-name',
    peers,
    example: one(`${CD}; name=""`),
    we: 'read an empty name',
    they: 'tell of none',
    source: 'RFC 7578 §4.2',
    why: 'there is a name, and it is empty',
    explains: (d) =>
      d.about === 'name' &&
      d.ours === '' &&
      d.theirs === undefined &&
      parameterIn(d.head, 'name')?.value === '',
  },
  {
    name: 'empty-filename',
    peers,
    example: one(`${A}; filename=""`),
    we: 'read an empty filename, that of a file nobody has chosen',
    they: 'tell of none, and of a field in the place of a file',
    source: 'HTML, constructing the entry list',
    why: 'browsers send it for a file input without a file',
    explains: (d) =>
      d.about === 'filename' &&
      d.ours === '' &&
      d.theirs === undefined &&
      parameterIn(d.head, 'filename')?.value === '',
  },
  // Types and text.
  {
    name: 'type-not-understood',
    peers,
    example: one(`${A}\r\nContent-Type: image`),
    we: 'hand it over as it stands',
    they: 'tell of text/plain, and know of no charset',
    source: 'RFC 7578 §4.4',
    why: 'text/plain is the type of parts without one',
    explains: (d) =>
      (d.about === 'text' || (d.about === 'type' && d.ours === typeIn(d.head))) &&
      d.alone.type === 'text/plain' &&
      !isMediaType(typeIn(d.head)),
  },
  {
    name: 'charset-unknown-to-them',
    peers,
    example: one(`${A}\r\nContent-Type: text/plain; charset=koi8-r`),
    we: 'hand over the bytes, and their text by any charset that TextDecoder knows, else as UTF-8',
    they: 'lose the value: it is undefined, without an error',
    source: 'RFC 7578 §4.5',
    why: 'a part’s charset parameter tells how its text is encoded',
    explains: (d) =>
      d.about === 'data' &&
      d.ours === d.data &&
      d.theirs === undefined &&
      /;[ \t]*charset=/i.test(typeIn(d.head)),
  },
  {
    name: 'charset-of-node',
    peers,
    example: one(`${A}\r\nContent-Type: text/plain; charset=ascii`, '\x80'),
    we: 'know the charsets of TextDecoder: ascii and latin1 are windows-1252 there, base64 is none',
    they: 'know those of Buffer first: ascii and latin1 are ISO 8859-1, UTF-16 may be cut, base64 is one',
    source: 'Encoding Standard §4.2',
    why: 'names of charsets are labels, and mean what browsers mean by them',
    explains: (d) => d.about === 'text' && d.theirs === nodeText(d.data, charsetIn(d.head)),
  },
  {
    name: 'byte-order-mark',
    peers,
    example: one(`${A}\r\nContent-Type: text/plain; charset=utf-8`, '\xef\xbb\xbfx'),
    we: 'take it away from a field’s text',
    they: 'leave it there',
    source: 'Encoding Standard §6',
    why: 'decoding takes the mark away; the bytes have it still',
    explains: (d) => d.about === 'text' && d.theirs === `\ufeff${d.ours}`,
  },
]

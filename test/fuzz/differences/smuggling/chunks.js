// Chunks that two parties cut at different places: sizes, extensions, line ends, the last chunk, trailers.

import { each, family, faulty, payload, post, refused, served, smuggled } from './outcomes.js'

const chunked = (body) => post('Transfer-Encoding: chunked', body)
const hello = served('reads the one chunked body', 'POST example.com/ "hello"')
const grammar = 'it follows the grammar, and so has one meaning'

const sizes = family(
  'A chunk size that only one of them can read',
  'RFC 9112 §7.1',
  'a size is up to sixteen hexadecimal digits and nothing else; no number wraps around or is cut short',
  each((size) => chunked(`${size}\r\nhello\r\n0\r\n\r\n${smuggled}`), faulty('BAD_CHUNK_SIZE'), [
    ['a plus sign', '+5'],
    ['a minus sign', '-5'],
    ['0x', '0x5'],
    ['0X', '0X5'],
    ['an underscore', '0_5'],
    ['a fraction', '5.0'],
    ['a comma', '5,5'],
    ['in quotes', '"5"'],
    ['a letter past f', '5g'],
    ['h behind it', '5h'],
    ['no size', ''],
    ['an extension and no size', ';a=b'],
    ['a space in front', ' 5'],
    ['a tab in front', '\t5'],
    ['a vertical tab in front', '\x0b5'],
    ['a NUL in front', '\x005'],
    ['a NUL behind', '5\0'],
    ['a vertical tab behind', '5\x0b'],
    ['a no-break space behind', '5\xa0'],
    ['digits of another script', '\xd9\xa5'],
    ['2^64 + 5, small in 64 bits', '10000000000000005'],
    ['f and sixteen zeros', 'f0000000000000000'],
    ['-1 in 64 bits', 'ffffffffffffffff'],
    ['2^53', '20000000000000'],
    ['2^32 + 5, small in 32 bits', '100000005', refused('413 BODY_TOO_LARGE')],
    ['-1 in 32 bits', 'ffffffff', refused('413 BODY_TOO_LARGE')],
    ['the sign bit of 32 bits', '80000005', refused('413 BODY_TOO_LARGE')],
    ['a space behind', '5 ', faulty('BAD_CHUNK_EXTENSION')],
    ['a tab behind', '5\t', faulty('BAD_CHUNK_EXTENSION')],
    ['two sizes', '5 0', faulty('BAD_CHUNK_EXTENSION')],
    ['a CR behind', '5\r', faulty('BARE_CR')],
    ['a CR inside', '0\r5', faulty('BARE_CR')],
    ['an LF in front', '\n5', faulty('BARE_LF')],
  ]),
  each(
    (size) => chunked(`${size}\r\nhello\r\n0\r\n\r\n`),
    hello,
    [
      ['zeros in front, sixteen digits', '0000000000000005'],
      ['five zeros in front', '000005'],
    ],
    grammar,
  ),
)

// A chunk that holds an end and a request; to whoever takes its size for the data of the chunk before, an end and a request.
const inner = `0\r\n\r\n${smuggled}`
const hidden = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`

const extensions = family(
  'A chunk extension that hides a line end (TERM.EXT, EXT.TERM)',
  'RFC 9112 §2.2, §7.1.1',
  'a chunk line ends with CRLF alone, and an extension is read by its grammar, not skipped: no CR and no LF fits in it',
  payload('TERM.EXT: an LF behind the semicolon', chunked(`2;\nxx\r\n${hidden}`), faulty('BARE_LF')),
  payload('EXT.TERM: an LF behind the extension’s name', chunked(`2;a\n02\r\n${hidden}`), faulty('BARE_LF')),
  each((line) => chunked(`${line}\r\nhello\r\n0\r\n\r\n${smuggled}`), faulty('BAD_CHUNK_EXTENSION'), [
    ['a semicolon alone', '5;'],
    ['two semicolons', '5;;a'],
    ['a CRLF in quotes', '5;a="\r\nx"'],
    ['a quote that never ends', '5;a="b'],
    ['an escaped line end', '5;a="\\\r\n"'],
    ['a value without a name', '5;=b'],
    ['a name without a value', '5;a='],
    ['words behind the name', '5;a b'],
    ['a NUL', '5;a\0'],
    ['a byte past ASCII', '5;\xff'],
    ['a request-line', '5;GET /smuggled HTTP/1.1'],
    ['a CR behind the semicolon', '5;\rx'],
    ['a CR behind the name', '5;a\rx', faulty('BARE_CR')],
    ['an LF in quotes', '5;a="\nx"', faulty('BARE_LF')],
    ['an LF behind the size', '5\nx', faulty('BARE_LF')],
    ['more than 16 KiB', `5;a=${'b'.repeat(17_000)}`, faulty('CHUNK_EXTENSIONS_TOO_LONG')],
  ]),
  each(
    (line) => chunked(`${line}\r\nhello\r\n0\r\n\r\n`),
    hello,
    [
      ['a name', '5;a'],
      ['a name and a value', '5;a=b'],
      ['white space around', '5 ; a = b'],
      ['a semicolon in quotes', '5;a="b;c"'],
      ['an escaped quote', '5;a="\\""'],
    ],
    grammar,
  ),
)

// A chunk of 48 bytes whose size loses its first digit to whoever skips a byte too many: then it is an end and a request.
const cut = `30\r\n\r\n${smuggled}x\r\n`

const dataEnds = family(
  'Chunk data that ends elsewhere (TERM.SPILL, SPILL.TERM, ONE.TWO, TWO.ONE, ZERO.TWO, TWO.ZERO)',
  'RFC 9112 §7.1',
  'behind the data come CR and LF, both looked at; anything else ends the connection',
  each((body) => chunked(`${body}0\r\n\r\n${smuggled}`), faulty('BAD_CHUNK_END'), [
    ['SPILL.TERM: more data than the size says', '5\r\nhelloXX2\r\n45\r\n'],
    ['TERM.SPILL: two other bytes for the CRLF', '5\r\nhelloXX'],
    ['ONE.TWO, TWO.ONE: an LF, then a size that a skip of two cuts', `2\r\nxx\n${cut}`],
    ['ZERO.TWO, TWO.ZERO: no line end, then a size that a skip of two cuts', `2\r\nxx0${cut}`],
    ['ONE.ZERO: an LF that is data to others', `3\r\nxx\n${cut}`],
    ['an LF', '5\r\nhello\n'],
    ['another byte before the LF', '5\r\nhellox\n'],
    ['another byte behind the CR', '5\r\nhello\rx'],
    ['a CR for the CRLF', '5\r\nhello\r'],
    ['two CRs', '5\r\nhello\r\r\n'],
    ['an LF and a CR', '5\r\nhello\n\r'],
    ['a space before the CRLF', '5\r\nhello \r\n'],
    ['a size too small', '4\r\nhello\r\n'],
    ['a size too large', '6\r\nhello\r\n'],
  ]),
  payload(
    'an empty line between two chunks',
    chunked(`5\r\nhello\r\n\r\n0\r\n\r\n${smuggled}`),
    faulty('BAD_CHUNK_SIZE'),
  ),
  payload('an LF between two chunks', chunked(`5\r\nhello\r\n\n0\r\n\r\n${smuggled}`), faulty('BARE_LF')),
)

const lastChunk = family(
  'A last chunk that only one of them takes for the last',
  'RFC 9112 §7.1',
  'the body ends at a size of 0, a CRLF, the trailers and an empty line, and nowhere else',
  each((end) => chunked(`5\r\nhello\r\n${end}${smuggled}`), faulty('BAD_CHUNK_SIZE'), [
    ['a minus sign', '-0\r\n\r\n'],
    ['a plus sign', '+0\r\n\r\n'],
    ['0x0', '0x0\r\n\r\n'],
    ['seventeen zeros', `${'0'.repeat(17)}\r\n\r\n`],
    ['a space in front', ' 0\r\n\r\n'],
    ['a space behind', '0 \r\n\r\n', faulty('BAD_CHUNK_EXTENSION')],
    ['a semicolon behind', '0;\r\n\r\n', faulty('BAD_CHUNK_EXTENSION')],
    ['an LF for its line end', '0\n\r\n', faulty('BARE_LF')],
    ['LFs for both line ends', '0\n\n', faulty('BARE_LF')],
    ['a CR for its line end', '0\r\r\n', faulty('BARE_CR')],
    ['the empty line missing', '0\r\n', faulty('BAD_FIELD_NAME')],
    ['an LF for the empty line', '0\r\n\n', faulty('BARE_LF')],
    ['a CR for the empty line', '0\r\n\r', faulty('BARE_CR')],
    ['CR CR LF for the empty line', '0\r\n\r\r\n', faulty('BARE_CR')],
    ['a space on the empty line', '0\r\n \r\n', faulty('OBS_FOLD')],
  ]),
  each(
    (end) => chunked(`5\r\nhello\r\n${end}`),
    hello,
    [
      ['five zeros', '00000\r\n\r\n'],
      ['an extension', '0;a=b\r\n\r\n'],
      ['a trailer', '0\r\nX-A: x\r\n\r\n'],
    ],
    grammar,
  ),
  payload(
    'an empty line too many',
    chunked('5\r\nhello\r\n0\r\n\r\n\r\n'),
    served('reads the one chunked body, and past one empty line', 'POST example.com/ "hello"'),
    'the line in front of a request-line is the one that RFC 9112 §2.2 asks to read past',
  ),
  payload(
    'letters behind it',
    chunked(`5\r\nhello\r\n0\r\n\r\nx${smuggled}`),
    refused('501 METHOD_NOT_IMPLEMENTED', 'POST example.com/ "hello"'),
    'what a body leaves over is the next request, or nothing: here it is a method with a small letter',
  ),
)

const trailers = family(
  'Trailers that one of them takes for something else (TRAIL.TERM, TERM.TRAIL, trailer merge)',
  'RFC 9110 §6.5, RFC 9112 §7.1.2',
  'trailers are read as strictly as a head, and never join it',
  each((lines) => chunked(`5\r\nhello\r\n0\r\n${lines}\r\n\r\n${smuggled}`), faulty('FORBIDDEN_TRAILER'), [
    ['Content-Length', `Content-Length: ${smuggled.length}`],
    ['Transfer-Encoding', 'Transfer-Encoding: chunked'],
    ['Host', 'Host: other.example'],
    ['Connection', 'Connection: close'],
    ['Upgrade', 'Upgrade: h2c'],
    ['Expect', 'Expect: 100-continue'],
    ['Trailer', 'Trailer: Host'],
    ['Authorization', 'Authorization: Basic eDp5'],
    ['Cookie', 'Cookie: a=b'],
    ['Content-Type', 'Content-Type: text/plain'],
    ['Content-Encoding', 'Content-Encoding: gzip'],
    ['one behind a harmless one', 'X-A: x\r\nContent-Length: 5'],
    ['TRAIL.TERM: an LF, then a request', `\n${smuggled.trimEnd()}`, faulty('BARE_LF')],
    ['two LFs behind a trailer', `X-A: x\n\n${smuggled.trimEnd()}`, faulty('BARE_LF')],
    ['a CR in a trailer', 'X-A: x\rX-B: y', faulty('BARE_CR')],
    ['a request in place of the trailers', smuggled.trimEnd(), faulty('BAD_FIELD_NAME')],
    ['a space before the colon', 'Content-Length : 5', faulty('SPACE_BEFORE_COLON')],
    ['a folded line', 'X-A: x\r\n Content-Length: 5', faulty('OBS_FOLD')],
    ['no colon', 'x', faulty('MISSING_COLON')],
    ['a NUL', 'X-A: \0', faulty('BAD_FIELD_VALUE')],
  ]),
  each(
    (lines) => chunked(`5\r\nhello\r\n0\r\n${lines}\r\n\r\n`),
    served('reads the body; the trailer does not join the head’s fields', 'POST example.com/ "hello"'),
    [
      ['X-Forwarded-For', 'X-Forwarded-For: 127.0.0.1'],
      ['X-HTTP-Method-Override', 'X-HTTP-Method-Override: DELETE'],
    ],
    'a handler never finds a trailer among the fields of the request',
  ),
)

export const chunks = [sizes, extensions, dataEnds, lastChunk, trailers]

// Two parties, two lengths: Content-Length and Transfer-Encoding, together, repeated, malformed and in disguise.

import {
  each,
  family,
  faulty,
  get,
  head,
  payload,
  post,
  refused,
  served,
  smuggled,
  smuggledSeen,
} from './outcomes.js'

const empty = '0\r\n\r\n'
const hello = '5\r\nhello\r\n0\r\n\r\n'
const oneMeaning = 'it has one meaning, to every reader of the grammar'
const ownName = 'by the grammar it is another field, which says nothing of the framing'

// The attack with both: the length covers what the chunks leave over.
const lengthAnd = (fields) =>
  post(`Content-Length: ${empty.length + smuggled.length}\r\n${fields}`, empty + smuggled)

const clTe = family(
  'CL.TE: the front end believes Content-Length, the back end Transfer-Encoding',
  'RFC 9112 §6.1, §6.3',
  'a request with both is refused, as the RFC lets a server do: whichever a front end believes, it gets a 400 and the end',
  each(lengthAnd, faulty('LENGTH_AND_TRANSFER_ENCODING'), [
    ['both', 'Transfer-Encoding: chunked'],
    ['both, in mixed case', 'tRANSFER-eNCODING: cHUNKED'],
    ['both, with Connection: close', 'Connection: close\r\nTransfer-Encoding: chunked'],
    ['both, no space behind the colon', 'Transfer-Encoding:chunked'],
    ['both, tabs around chunked', 'Transfer-Encoding:\tchunked\t'],
    ['both, two spaces in front of chunked', 'Transfer-Encoding:  chunked'],
    ['both, one of them named in Connection', 'Connection: Content-Length\r\nTransfer-Encoding: chunked'],
    ['both, with Expect', 'Expect: 100-continue\r\nTransfer-Encoding: chunked'],
  ]),
  payload(
    'both, the length 0',
    post('Content-Length: 0\r\nTransfer-Encoding: chunked', hello + smuggled),
    faulty('LENGTH_AND_TRANSFER_ENCODING'),
  ),
  payload(
    'both, on GET',
    get(`Content-Length: ${empty.length + smuggled.length}\r\nTransfer-Encoding: chunked`, empty + smuggled),
    faulty('LENGTH_AND_TRANSFER_ENCODING'),
  ),
)

const teCl = family(
  'TE.CL: the front end believes Transfer-Encoding, the back end Content-Length',
  'RFC 9112 §6.1, §6.3',
  'a request with both is refused, as the RFC lets a server do: whichever a front end believes, it gets a 400 and the end',
  each(
    (fields) => post(fields, `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`),
    faulty('LENGTH_AND_TRANSFER_ENCODING'),
    [
      ['the length ends after the first chunk’s size', 'Transfer-Encoding: chunked\r\nContent-Length: 4'],
      ['the length 0', 'Transfer-Encoding: chunked\r\nContent-Length: 0'],
      ['with Connection: close', 'Transfer-Encoding: chunked\r\nConnection: close\r\nContent-Length: 4'],
      [
        'two codings beside it',
        'Transfer-Encoding: chunked\r\nContent-Length: 4\r\nTransfer-Encoding: x',
        faulty('REPEATED_TRANSFER_ENCODING'),
      ],
    ],
  ),
)

const teTe = family(
  'TE.TE: a coding that only one of them recognises',
  'RFC 9112 §6.1, §7',
  'only the one word chunked is a coding here; all else is refused, never skipped in favour of a length',
  each((value) => lengthAnd(`Transfer-Encoding: ${value}`), faulty('BAD_TRANSFER_ENCODING'), [
    ['xchunked', 'xchunked'],
    ['chunk', 'chunk'],
    ['identity', 'identity'],
    ['gzip', 'gzip'],
    ['chunked, identity', 'chunked, identity'],
    ['identity, chunked', 'identity, chunked'],
    ['identity, chunked, identity', 'identity, chunked, identity'],
    ['gzip, chunked', 'gzip, chunked'],
    ['chunked, gzip', 'chunked, gzip'],
    ['chunked, chunked', 'chunked, chunked'],
    ['a comma in front', ', chunked'],
    ['a comma behind', 'chunked,'],
    ['in double quotes', '"chunked"'],
    ['in single quotes', "'chunked'"],
    ['with a parameter', 'chunked;q=1'],
    ['a word behind it', 'chunked x'],
    ['words around it', 'cow chunked bar'],
    ['no value', ''],
    ['a no-break space in front', '\xa0chunked'],
    ['a byte FF in front', '\xffchunked'],
    ['a byte 85 behind', 'chunked\x85'],
    ['a letter that is no ASCII', 'ch\x96nked'],
    ['the long s of Unicode', 'chunked\xc5\xbf'],
    ['a vertical tab in front', '\x0bchunked', faulty('BAD_FIELD_VALUE')],
    ['a vertical tab behind', 'chunked\x0b', faulty('BAD_FIELD_VALUE')],
    ['a form feed in front', '\x0cchunked', faulty('BAD_FIELD_VALUE')],
    ['a NUL in front', '\0chunked', faulty('BAD_FIELD_VALUE')],
    ['a NUL behind', 'chunked\0', faulty('BAD_FIELD_VALUE')],
    ['a backspace behind', 'chunked\x08', faulty('BAD_FIELD_VALUE')],
    ['a DEL behind', 'chunked\x7f', faulty('BAD_FIELD_VALUE')],
    ['a CR in front', '\rchunked', faulty('BARE_CR')],
    ['a CR behind', 'chunked\r', faulty('BARE_CR')],
    ['a CR inside', 'chu\rnked', faulty('BARE_CR')],
    ['an LF and a space in front', '\n chunked', faulty('BARE_LF')],
    ['an LF and a vertical tab in front', '\n\x0bchunked', faulty('BARE_LF')],
    ['on a folded line', '\r\n chunked', faulty('BAD_TRANSFER_ENCODING')],
    ['a folded line behind', 'chunked\r\n , identity', faulty('OBS_FOLD')],
    ['twice, the same', 'chunked\r\nTransfer-Encoding: chunked', faulty('REPEATED_TRANSFER_ENCODING')],
    ['twice, identity last', 'chunked\r\ntransfer-encoding: identity', faulty('REPEATED_TRANSFER_ENCODING')],
    ['twice, identity first', 'identity\r\nTransfer-Encoding: chunked'],
    ['twice, an unknown one first', 'xchunked\r\nTransfer-Encoding: chunked'],
  ]),
  each(
    (field) => post(field, hello),
    served('reads the one chunked body', 'POST example.com/ "hello"'),
    [
      ['chunked in mixed case, alone', 'Transfer-Encoding: cHuNkEd'],
      ['the name in mixed case, alone', 'tRANSFER-ENCODING: chunked'],
      ['tabs and spaces around chunked, alone', 'Transfer-Encoding:\t chunked \t'],
    ],
    oneMeaning,
  ),
)

const hiddenTe = family(
  'Transfer-Encoding in disguise: a name that only one of them recognises',
  'RFC 9112 §5.1, §5.2',
  'a line whose name is no token is refused, whatever it was meant to be',
  each(lengthAnd, faulty('BAD_FIELD_NAME'), [
    ['a space before the colon', 'Transfer-Encoding : chunked', faulty('SPACE_BEFORE_COLON')],
    ['a tab before the colon', 'Transfer-Encoding\t: chunked', faulty('SPACE_BEFORE_COLON')],
    ['a vertical tab before the colon', 'Transfer-Encoding\x0b: chunked'],
    ['a NUL before the colon', 'Transfer-Encoding\0: chunked'],
    ['a no-break space before the colon', 'Transfer-Encoding\xa0: chunked'],
    ['a word before the colon', 'Transfer-Encoding x: chunked'],
    ['a space for the hyphen', 'Transfer Encoding: chunked'],
    ['a backslash for the hyphen', 'Transfer\\Encoding: chunked'],
    ['a hyphen of Unicode', 'Transfer\xe2\x80\x90Encoding: chunked'],
    ['a letter that is no ASCII', 'Transf\x82r-Encoding: chunked'],
    ['in quotes', '"Transfer-Encoding": chunked'],
    ['a no-break space in front', '\xa0Transfer-Encoding: chunked'],
    ['a NUL in front', '\0Transfer-Encoding: chunked'],
    ['a space in front', ' Transfer-Encoding: chunked', faulty('OBS_FOLD')],
    ['a tab in front', '\tTransfer-Encoding: chunked', faulty('OBS_FOLD')],
    ['a colon in front', ':Transfer-Encoding: chunked'],
    ['a colon alone', ':\r\nTransfer-Encoding: chunked'],
    ['no colon', 'Transfer-Encoding chunked'],
    ['on the folded line of another field', 'X-A: x\r\n Transfer-Encoding: chunked', faulty('OBS_FOLD')],
    ['an LF before the colon', 'Transfer-Encoding\n : chunked', faulty('BARE_LF')],
    ['behind an LF in another value', 'X-A: x\nTransfer-Encoding: chunked', faulty('BARE_LF')],
    ['behind two LFs in another value', 'X-A: x\n\nTransfer-Encoding: chunked', faulty('BARE_LF')],
    ['behind a CR in another value', 'X-A: x\rTransfer-Encoding: chunked', faulty('BARE_CR')],
    ['a CR in front', '\rTransfer-Encoding: chunked', faulty('BARE_CR')],
    ['a CR in the name', 'Transfer\r-Encoding: chunked', faulty('BARE_CR')],
  ]),
  each(
    (field) => post(`Content-Length: 5\r\n${field}`, 'hello'),
    served('reads the five bytes that Content-Length states', 'POST example.com/ "hello"'),
    [
      ['an underscore for the hyphen', 'Transfer_Encoding: chunked'],
      ['percent-encoded', 'Transfer-%45ncoding: chunked'],
      ['X- in front', 'X-Transfer-Encoding: chunked'],
      ['Content-Encoding', 'Content-Encoding: chunked'],
      ['TE', 'TE: chunked'],
    ],
    ownName,
  ),
)

const clCl = family(
  'CL.CL: two lengths',
  'RFC 9112 §6.3, RFC 9110 §8.6',
  'a request with two lengths is never read, even where they are equal',
  each((fields) => post(fields, smuggled), faulty('REPEATED_CONTENT_LENGTH'), [
    ['0 and all', `Content-Length: 0\r\nContent-Length: ${smuggled.length}`],
    ['all and 0', `Content-Length: ${smuggled.length}\r\nContent-Length: 0`],
    ['the same twice', `Content-Length: ${smuggled.length}\r\nContent-Length: ${smuggled.length}`],
    [
      'the same twice, a field between',
      `Content-Length: ${smuggled.length}\r\nX: Y\r\ncontent-length: ${smuggled.length}`,
    ],
    ['2^31 and 5', 'Content-Length: 2147483648\r\nContent-Length: 5'],
    ['a malformed one first', 'Content-Length: x\r\nContent-Length: 5', faulty('BAD_CONTENT_LENGTH')],
    ['a malformed one last', 'Content-Length: 5\r\nContent-Length: x'],
    [
      'a list of the same',
      `Content-Length: ${smuggled.length}, ${smuggled.length}`,
      faulty('BAD_CONTENT_LENGTH'),
    ],
    ['a list that differs', `Content-Length: 0, ${smuggled.length}`, faulty('BAD_CONTENT_LENGTH')],
  ]),
)

const clValue = family(
  'A length that only one of them can read',
  'RFC 9110 §8.6, RFC 9112 §6.3',
  'a length is decimal digits and nothing else; a faulty one is never taken for 0, or for its first digits',
  each((value) => post(`Content-Length: ${value}`, `hello${smuggled}`), faulty('BAD_CONTENT_LENGTH'), [
    ['a plus sign', '+5'],
    ['a minus sign', '-5'],
    ['minus zero', '-0'],
    ['hexadecimal', '0x5'],
    ['octal', '0o5'],
    ['an exponent', '5e0'],
    ['a fraction', '5.0'],
    ['a decimal point', '5.'],
    ['an underscore', '0_5'],
    ['a thousands separator', '1,000'],
    ['two numbers', '5 5'],
    ['a comma behind', '5,'],
    ['a comma in front', ',5'],
    ['a semicolon behind', '5;'],
    ['in quotes', '"5"'],
    ['a word', 'abcde'],
    ['no value', ''],
    ['a parameter', '5; q=1'],
    ['digits of another script', '\xd9\xa5'],
    ['a no-break space in front', '\xa05'],
    ['2^53', '9007199254740992'],
    ['2^64 + 5, small in 64 bits', '18446744073709551621'],
    ['a hundred digits', '9'.repeat(100)],
    ['2^32 + 5, small in 32 bits', '4294967301', refused('413 BODY_TOO_LARGE')],
    ['2^53 - 1', '9007199254740991', refused('413 BODY_TOO_LARGE')],
    ['a vertical tab in front', '\x0b5', faulty('BAD_FIELD_VALUE')],
    ['a NUL behind', '5\0', faulty('BAD_FIELD_VALUE')],
    ['a CR behind', '5\r', faulty('BARE_CR')],
    ['an LF and a space in front', '\n 5', faulty('BARE_LF')],
    ['a folded line in front', '\r\n 5'],
    ['a folded line behind', '5\r\n 0', faulty('OBS_FOLD')],
  ]),
  each(
    (field) => post(field, `hello${smuggled}`),
    served('reads five bytes, then the request behind them', 'POST example.com/ "hello"', smuggledSeen),
    [
      ['zeros in front', 'Content-Length: 005'],
      ['tabs and spaces around', 'Content-Length:\t 5 \t'],
      ['no space behind the colon', 'content-length:5'],
    ],
    oneMeaning,
  ),
)

const hiddenCl = family(
  'Content-Length in disguise: a name that only one of them recognises',
  'RFC 9112 §5.1, §5.2',
  'a line whose name is no token is refused, whatever it was meant to be',
  each((field) => get(field, smuggled), faulty('BAD_FIELD_NAME'), [
    ['a space before the colon', `Content-Length : ${smuggled.length}`, faulty('SPACE_BEFORE_COLON')],
    ['a word before the colon', `Content-Length abcde: ${smuggled.length}`],
    ['a NUL before the colon', `Content-Length\0: ${smuggled.length}`],
    ['a space for the hyphen', `Content Length: ${smuggled.length}`],
    ['a backslash for the hyphen', `Content\\Length: ${smuggled.length}`],
    ['a space in front', ` Content-Length: ${smuggled.length}`, faulty('OBS_FOLD')],
    ['on a folded line', `X-A: x\r\n\tContent-Length: ${smuggled.length}`, faulty('OBS_FOLD')],
    ['behind an LF', `X-A: x\nContent-Length: ${smuggled.length}`, faulty('BARE_LF')],
    ['behind a CR', `X-A: x\rContent-Length: ${smuggled.length}`, faulty('BARE_CR')],
    ['behind a line of two words', `x x\r\nContent-Length: ${smuggled.length}`],
    ['behind a line with no colon', `x\r\nContent-Length: ${smuggled.length}`, faulty('MISSING_COLON')],
  ]),
  payload(
    'right behind the request-line, a space in front',
    `GET / HTTP/1.1\r\n Content-Length: ${smuggled.length}\r\nHost: example.com\r\n\r\n${smuggled}`,
    faulty('OBS_FOLD'),
  ),
  payload(
    'an underscore for the hyphen',
    get(`Content_Length: ${smuggled.length}`, smuggled),
    served('reads two requests: the field is not Content-Length', 'GET example.com/', smuggledSeen),
    ownName,
  ),
)

const bodyless = (line, fields = '') => head(line, `Content-Length: ${smuggled.length}${fields}`) + smuggled
const readsBody = (method) =>
  served('reads the body as the body, whatever the method', `${method} "${smuggled}"`)

const clZero = family(
  'CL.0 and TE.0: the back end forgets the body',
  'RFC 9112 §6, RFC 9110 §9.3.1',
  'framing does not depend on the method, the path or any other field: a stated body is read or the connection ends',
  payload('GET', bodyless('GET / HTTP/1.1'), readsBody('GET example.com/')),
  payload('HEAD', bodyless('HEAD / HTTP/1.1'), readsBody('HEAD example.com/')),
  payload('OPTIONS', bodyless('OPTIONS / HTTP/1.1'), readsBody('OPTIONS example.com/')),
  payload('OPTIONS *', bodyless('OPTIONS * HTTP/1.1'), readsBody('OPTIONS example.com*')),
  payload('DELETE', bodyless('DELETE / HTTP/1.1'), readsBody('DELETE example.com/')),
  payload('TRACE', bodyless('TRACE / HTTP/1.1', '\r\nMax-Forwards: 0'), readsBody('TRACE example.com/')),
  payload('an unknown method', bodyless('FOO / HTTP/1.1'), readsBody('FOO example.com/')),
  each((fields) => bodyless('POST / HTTP/1.1', `\r\n${fields}`), readsBody('POST example.com/'), [
    ['multipart/byteranges', 'Content-Type: multipart/byteranges; boundary=x'],
    ['multipart/form-data', 'Content-Type: multipart/form-data; boundary=x'],
    ['Range', 'Range: ,'],
    ['Early-Data', 'Early-Data: 1'],
    ['a method to override', 'X-HTTP-Method-Override: GET'],
  ]),
  each(
    (line) => head(line, 'Transfer-Encoding: chunked') + empty + smuggled,
    undefined,
    ['GET', 'HEAD', 'OPTIONS', 'DELETE'].map((method) => [
      `${method}, chunked`,
      `${method} / HTTP/1.1`,
      served(
        'ends the body at its last chunk; the request behind it is the next',
        `${method} example.com/`,
        smuggledSeen,
      ),
    ]),
  ),
)

export const lengths = [clTe, teCl, teTe, hiddenTe, clCl, clValue, hiddenCl, clZero]

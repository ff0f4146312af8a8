// Lines that two parties cut at different places, and lines that mean different things to them: line ends, request-lines,
// field-lines, the host.

import { each, family, faulty, get, head, payload, refused, served, smuggled } from './outcomes.js'

const one = (host = 'example.com', path = '/') => served('reads one request', `GET ${host}${path}`)

const lineEnds = family(
  'Line ends: LF alone, CR alone, and what hides behind them',
  'RFC 9112 §2.2',
  'CRLF alone ends a line; the RFC lets a recipient take LF, and this one does not, so no front end’s choice matters',
  each((text) => `${text}${smuggled}`, faulty('BARE_LF'), [
    ['LF throughout', 'GET / HTTP/1.1\nHost: example.com\n\n'],
    ['LF behind the request-line', 'GET / HTTP/1.1\nHost: example.com\r\n\r\n'],
    ['LF behind a field', 'GET / HTTP/1.1\r\nHost: example.com\n\r\n'],
    ['LF for the empty line', 'GET / HTTP/1.1\r\nHost: example.com\r\n\n'],
    ['an LF before the CRLF', 'GET / HTTP/1.1\r\nHost: example.com\n\r\n\r\n'],
    ['two LFs and a request in a value', `GET / HTTP/1.1\r\nHost: example.com\r\nX-A: x\n\n${smuggled}`],
    ['CR throughout', 'GET / HTTP/1.1\rHost: example.com\r\r', faulty('BARE_CR')],
    ['CR behind the request-line', 'GET / HTTP/1.1\rHost: example.com\r\n\r\n', faulty('BARE_CR')],
    ['CR behind a field', 'GET / HTTP/1.1\r\nHost: example.com\rX-A: x\r\n\r\n', faulty('BARE_CR')],
    ['CR CR LF behind a field', 'GET / HTTP/1.1\r\nHost: example.com\r\r\n\r\n', faulty('BARE_CR')],
    ['CR for the empty line', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r', faulty('BARE_CR')],
    ['CR CR LF for the empty line', 'GET / HTTP/1.1\r\nHost: example.com\r\n\r\r\n', faulty('BARE_CR')],
  ]),
  payload(
    'line ends in two bytes past ASCII, whose low halves are CR and LF',
    get('X-A: \xe5\x98\x8d\xe5\x98\x8aX-B: x'),
    one(),
    'no byte of them is CR or LF, and bytes are what is read',
  ),
)

const between = family(
  'Bytes in front of a request-line',
  'RFC 9112 §2.2',
  'one empty line is read past, as the RFC asks; what else stands there ends the connection',
  payload('one CRLF', `\r\n${get()}`, one(), 'one CRLF is no request to anybody'),
  each((text) => text + get(), faulty('BAD_REQUEST_LINE'), [
    ['two CRLFs', '\r\n\r\n'],
    ['a space', ' '],
    ['CRLF and a space', '\r\n '],
    ['a CR', '\r'],
    ['CRLF and a CR', '\r\n\r'],
    ['an LF', '\n', faulty('BARE_LF')],
    ['CRLF and an LF', '\r\n\n', faulty('BARE_LF')],
    ['a NUL', '\0', faulty('BAD_METHOD')],
    ['a tab', '\t', faulty('BAD_METHOD')],
    ['the mark of UTF-8', '\xef\xbb\xbf', faulty('BAD_METHOD')],
    ['a line of text', 'x\r\n'],
    ['a field', 'X-A: x\r\n', faulty('BAD_METHOD')],
  ]),
)

const requestLines = family(
  'A request-line that two of them read differently',
  'RFC 9112 §3',
  'a request-line is method, space, target, space, version, CRLF, each by its grammar',
  each((line) => head(line) + smuggled, faulty('BAD_REQUEST_LINE'), [
    ['HTTP/0.9', 'GET /'],
    ['no target', 'GET  HTTP/1.1', faulty('BAD_TARGET')],
    ['two spaces behind the method', 'GET  / HTTP/1.1', faulty('BAD_TARGET')],
    ['two spaces before the version', 'GET /  HTTP/1.1', faulty('BAD_VERSION')],
    ['a tab behind the method', 'GET\t/ HTTP/1.1', faulty('BAD_METHOD')],
    ['a tab before the version', 'GET /\tHTTP/1.1', faulty('BAD_TARGET')],
    ['a NUL in the method', 'GE\0T / HTTP/1.1', faulty('BAD_METHOD')],
    ['a no-break space behind the method', 'GET\xa0/ HTTP/1.1', faulty('BAD_METHOD')],
    ['no space before the version', 'POST /HTTP/1.1'],
    ['a target for the version', 'GET / /', faulty('BAD_VERSION')],
    ['another word for the version', 'GET / COW<', faulty('BAD_VERSION')],
    ['http in small letters', 'GET / http/1.1', faulty('BAD_VERSION')],
    ['HTTP/1.10', 'GET / HTTP/1.10', faulty('BAD_VERSION')],
    ['HTTP/01.1', 'GET / HTTP/01.1', faulty('BAD_VERSION')],
    ['HTTP/1.2', 'GET / HTTP/1.2', faulty('BAD_VERSION')],
    ['HTTP/2', 'GET / HTTP/2', faulty('BAD_VERSION')],
    ['HTTP/0.9, said', 'GET / HTTP/0.9', faulty('BAD_VERSION')],
    ['a space behind the version', 'GET / HTTP/1.1 ', faulty('BAD_VERSION')],
    ['two versions', 'GET / HTTP/1.1 HTTP/1.1', faulty('BAD_VERSION')],
    ['a field on it', 'GET / HTTP/1.1 X-A: x', faulty('BAD_VERSION')],
    ['a space in the target', 'GET /a b HTTP/1.1', faulty('BAD_VERSION')],
    ['a version in the target', 'GET / HTTP/1.1\r HTTP/1.1', faulty('BARE_CR')],
    ['a byte past ASCII in the target', 'GET /\xff HTTP/1.1', faulty('BAD_TARGET')],
    ['a fragment', 'GET /#a HTTP/1.1', faulty('BAD_TARGET')],
    ['a relative path', 'GET a HTTP/1.1', faulty('BAD_TARGET')],
    ['an asterisk for GET', 'GET * HTTP/1.1', faulty('BAD_TARGET')],
    ['an asterisk and a query', 'OPTIONS *?xyz HTTP/1.1', faulty('BAD_TARGET')],
    ['a path for CONNECT', 'CONNECT / HTTP/1.1', faulty('BAD_TARGET')],
    ['the method in small letters', 'get / HTTP/1.1', refused('501 METHOD_NOT_IMPLEMENTED')],
    ['the method with a small letter', 'Get / HTTP/1.1', refused('501 METHOD_NOT_IMPLEMENTED')],
    ['the method with a small letter inside', 'POsT / HTTP/1.1', refused('501 METHOD_NOT_IMPLEMENTED')],
  ]),
  payload('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', faulty('BAD_TARGET')),
  payload('a hello of TLS', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', faulty('BAD_METHOD')),
  payload(
    'CR and LF in the target, percent-encoded',
    head('GET /a%20HTTP/1.1%0d%0aX-A:x HTTP/1.1'),
    one('example.com', '/a%20HTTP/1.1%0d%0aX-A:x'),
    'the target is handed over as it was sent: nothing decodes it',
  ),
)

const fields = family(
  'A field-line that two of them read differently',
  'RFC 9112 §5',
  'a field-line is a token, a colon and a value without control characters; there are as many as the limits say',
  each((line) => get(line, smuggled), faulty('BAD_FIELD_NAME'), [
    ['an empty name', ': x'],
    ['two words', 'x x: y'],
    ['a byte past ASCII in a name', 'X-\xff: x'],
    ['a NUL in a name', 'X-\0: x'],
    ['a bracket in a name', 'X[]: x'],
    ['a NUL in a value', 'X-A: \0', faulty('BAD_FIELD_VALUE')],
    ['an escape character in a value', 'X-A: \x1b', faulty('BAD_FIELD_VALUE')],
    ['no colon', 'x', faulty('MISSING_COLON')],
    ['a request-line', smuggled.split('\r\n')[0]],
    ['a folded line', 'X-A: x\r\n y', faulty('OBS_FOLD')],
    ['a line of one space', ' ', faulty('OBS_FOLD')],
    ['a line of 9000 bytes', `X-A: ${'x'.repeat(9000)}`, refused('431 FIELD_TOO_LONG')],
    ['a hundred lines more', 'X-A: x\r\n'.repeat(100).trimEnd(), refused('431 TOO_MANY_FIELDS')],
  ]),
  payload(
    'a request-line as a value',
    get('X-A: GET /smuggled HTTP/1.1'),
    one(),
    'a value is a value, whatever it says',
  ),
  payload(
    'a path and a method to override',
    get('X-HTTP-Method-Override: DELETE\r\nX-Original-URL: /smuggled\r\nX-Rewrite-URL: /smuggled'),
    served('reads GET /, and hands the fields over like others', 'GET example.com/'),
    'this server gives them no meaning',
  ),
)

const bare = (line, ...lines) => `${[line, ...lines].join('\r\n')}\r\n\r\n`

const hosts = family(
  'Two hosts',
  'RFC 9112 §3.2, RFC 9110 §7.2',
  'there is one Host, and it is well-formed; an absolute-form target beats it, as the RFC has it',
  each((lines) => bare('GET / HTTP/1.1', lines) + smuggled, faulty('REPEATED_HOST'), [
    ['two Hosts', 'Host: example.com\r\nHost: other.example'],
    ['the same Host twice', 'Host: example.com\r\nhost: example.com'],
    [
      'a Host with a space before the colon',
      'Host: example.com\r\nHost : other.example',
      faulty('SPACE_BEFORE_COLON'),
    ],
    ['a first Host on a folded line', ' Host: other.example\r\nHost: example.com', faulty('OBS_FOLD')],
    ['a list of Hosts', 'Host: example.com, other.example', faulty('BAD_HOST')],
    ['Host with userinfo', 'Host: example.com@other.example', faulty('BAD_HOST')],
    ['Host with a path', 'Host: example.com/x', faulty('BAD_HOST')],
    ['Host with a space', 'Host: example.com other.example', faulty('BAD_HOST')],
    ['Host with a port and more', 'Host: example.com:80@other.example', faulty('BAD_HOST')],
    ['Host with a port past 65535', 'Host: example.com:65616', faulty('BAD_HOST')],
    ['an empty Host', 'Host:', faulty('BAD_HOST')],
    ['no Host but X-Forwarded-Host', 'X-Forwarded-Host: example.com', faulty('MISSING_HOST')],
  ]),
  each((target) => head(`GET ${target} HTTP/1.1`) + smuggled, faulty('BAD_TARGET'), [
    ['absolute-form with userinfo', 'http://example.com@other.example/'],
    ['absolute-form without a host', 'http:///path'],
    ['absolute-form with one slash', 'http:/other.example/'],
    ['absolute-form with a backslash', 'http://other.example\\@example.com/'],
    ['absolute-form of another scheme', 'ftp://other.example/'],
  ]),
  payload(
    'absolute-form without Host',
    bare('GET http://other.example/ HTTP/1.1') + smuggled,
    faulty('MISSING_HOST'),
  ),
  payload(
    'absolute-form with another Host',
    head('GET http://other.example/ HTTP/1.1'),
    served('reads one request, for the target’s host', 'GET other.example/'),
    'RFC 9112 §3.2.2 says so to every recipient; both read one request',
  ),
  payload(
    'a path of two slashes',
    head('GET //other.example/ HTTP/1.1'),
    served('reads one request, for Host’s host', 'GET example.com//other.example/'),
    'a target that begins with a slash has no host in it',
  ),
  payload(
    'X-Forwarded-Host',
    get('X-Forwarded-Host: other.example'),
    served('reads one request, for Host’s host', 'GET example.com/'),
    'this server gives it no meaning',
  ),
)

export const lines = [lineEnds, between, requestLines, fields, hosts]

// What to start from, by kind: good ones first, then those that servers and proxies were found to disagree about.

const head = (...lines) => lines.map((line) => `${line}\\r\\n\n`).join('')

export const samples = {
  request: [
    ['a plain request', head('GET /hello?name=Ada HTTP/1.1', 'Host: example.org', 'Accept: text/plain', '')],
    [
      'a body that has begun',
      `${head('POST /echo HTTP/1.1', 'Host: example.org', 'Content-Length: 14', '')}{"name":"Ada"}`,
    ],
    ['a target with its host', head('GET http://example.org/ HTTP/1.1', 'Host: other.example', '')],
    ['an unfinished one', 'GET /hello HTTP/1.1\\r\\n\nHost: exam'],
    [
      'two lengths (smuggling)',
      head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 6', 'Transfer-Encoding: chunked', '', '0', '', 'G'),
    ],
    ['a space before the colon', head('GET / HTTP/1.1', 'Host: a', 'Content-Length : 5', '')],
    ['a folded line', head('GET / HTTP/1.1', 'Host: a', 'X-Folded: one', ' two', '')],
    ['a bare line feed', 'GET / HTTP/1.1\\r\\n\nHost: a\\n\nX: y\\r\\n\n\\r\\n\n'],
    ['a NUL in a value', head('GET / HTTP/1.1', 'Host: a', 'X-Name: A\\0da', '')],
    ['a chunked that is not', head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: xchunked', '')],
    ['no Host', head('GET / HTTP/1.1', 'Accept: */*', '')],
    ['a method in lower case', head('get / HTTP/1.1', 'Host: a', '')],
  ],
  response: [
    [
      'a plain response',
      `${head('HTTP/1.1 200 OK', 'Content-Type: text/plain', 'Content-Length: 3', '')}Hi!`,
    ],
    ['no reason', head('HTTP/1.1 204 ', 'Server: httpkit-wasm', '')],
    ['two cookies', head('HTTP/1.1 200 OK', 'Set-Cookie: a=1', 'Set-Cookie: b=2', '')],
    ['an old protocol', head('HTTP/0.9 200 OK', '')],
    ['two lengths', head('HTTP/1.1 200 OK', 'Content-Length: 3', 'Content-Length: 4', '')],
  ],
  frames: [
    ['“Hello”, masked (RFC 6455 §5.7)', '\\x81\\x857\\xfa!=\\x7f\\x9fMQX'],
    [
      'in two pieces, a ping between them',
      '\\x01\\x837\\xfa!=\\x7f\\x9fM\n\\x89\\x80\\0\\0\\0\\0\n\\x80\\x827\\xfa!=[\\x95',
    ],
    ['a close, 1000', '\\x88\\x82\\0\\0\\0\\0\\x03\\xe8'],
    ['not masked', '\\x81\\x05Hello'],
    ['a reserved opcode', '\\x83\\x80\\0\\0\\0\\0'],
    ['text that is not UTF-8', '\\x81\\x82\\0\\0\\0\\0\\xc0\\xaf'],
    ['a length written too long', '\\x81\\xfe\\0\\x05\\0\\0\\0\\0Hello'],
  ],
  query: [
    ['names and values', 'name=Ada+Lovelace&tag=one&tag=two&city=Z%C3%BCrich'],
    ['broken escapes', 'a=%&b=%zz&c=%C3'],
    ['what others trip over', '__proto__=1&=&&a[b]=2&a=b=c'],
  ],
  multipart: [
    [
      'a form with a file',
      `${head('--boundary', 'Content-Disposition: form-data; name="note"', '', 'Tea is ready', '--boundary')}${head('Content-Disposition: form-data; name="files"; filename="a.txt"', 'Content-Type: text/plain', '', 'Hello', '--boundary--')}`,
    ],
    ['cut short', head('--b', 'Content-Disposition: form-data; name="a"', '', 'one')],
    ['a part without a head', head('--b', 'nonsense', '', 'one', '--b--')],
  ],
}

// Answers that would leave a front end with one more, or one less, than it has asked for.

import { answered, each, family, head, payload, served } from './outcomes.js'

const reflect = (text) => head(`GET /reflect?${encodeURIComponent(text)} HTTP/1.1`)
const seen = (text) => `GET example.com/reflect?${encodeURIComponent(text)}`

const splitting = family(
  'Response splitting: line ends in a value that a handler writes into a field',
  'RFC 9110 §5.5, RFC 9112 §11.1',
  'a value with a control character is an error of the handler: nothing of that head has left',
  [
    ['CR and LF, and a field', 'x\r\nSet-Cookie: a=b'],
    [
      'CR and LF, and an answer',
      'x\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    ],
    ['LF alone', 'x\nSet-Cookie: a=b'],
    ['CR alone', 'x\rSet-Cookie: a=b'],
    ['NUL', 'x\0y'],
    ['DEL', 'x\x7fy'],
  ].map(([name, text]) =>
    payload(name, reflect(text), answered(served('answers 500, once', seen(text)), 500)),
  ),
  payload(
    'characters whose low bytes are CR and LF',
    reflect('\u560d\u560aSet-Cookie: a=b'),
    served('sends them as UTF-8, in which no byte is CR or LF', seen('\u560d\u560aSet-Cookie: a=b')),
    'what is checked and what is sent are the same bytes',
  ),
)

const status = (code, method = 'GET') => head(`${method} /status/${code} HTTP/1.1`)
const body = (code, does, sent = code) => answered(served(does, `GET example.com/status/${code}`), sent)

const queue = family(
  'Response queue poisoning: an answer that is longer, or shorter, than a front end reads',
  'RFC 9112 §6.3, RFC 9110 §8.6, §15',
  'each request has one final answer, whose framing says where it ends',
  payload('HEAD', status(200, 'HEAD'), served('sends the length and no body', 'HEAD example.com/status/200')),
  payload(
    'HEAD of an answer of unknown length',
    head('HEAD /stream HTTP/1.1'),
    served('sends Transfer-Encoding and no chunk', 'HEAD example.com/stream'),
  ),
  payload(
    'HEAD, refused',
    'HEAD / HTTP/1.1\r\n\r\n',
    {
      does: 'refuses it: 400 MISSING_HOST, without a body, and closes',
      expected: { requests: [], statuses: [400], refusal: 'MISSING_HOST', next: false, method: 'HEAD' },
    },
    'no body follows the answer to HEAD, be it a refusal',
  ),
  payload('204', status(204), body(204, 'sends neither a length nor the body that the handler gave')),
  payload('205', status(205), body(205, 'sends a length of 0, and not the body that the handler gave')),
  payload('304', status(304), body(304, 'sends no body, whatever the handler gave')),
  each(
    (code) => status(code),
    undefined,
    [100, 101, 103, 199].map((code) => [
      `${code} from a handler`,
      code,
      body(code, 'answers 500: an interim status is no answer', 500),
    ]),
  ),
)

export const answers = [splitting, queue]

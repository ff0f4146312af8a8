// Section 6: text is valid UTF-8 (RFC 3629), and the connection fails at the first byte that cannot be part of it, not
// when the message ends (RFC 6455 §8.1). From 6.5 on, the sequences of Markus Kuhn's UTF-8 decoder stress test,
// each as a text of one frame.
import { continuation, type RawFrame, text } from '../support/raw-websocket.js'
import {
  type Case,
  fragments,
  more,
  nothingComes,
  receive,
  send,
  sendPart,
  theyFail,
  weClose,
} from './script.js'

const hex = (digits: string) => Buffer.from(digits.replaceAll(' ', ''), 'hex')

const western = 'Hello-µ@ßöäüàá-UTF-8!!'
const [westernStart, westernRest] = ['Hello-µ@ßöä', 'üàá-UTF-8!!']
const greek = hex('ce ba e1 bd b9 cf 83 ce bc ce b5')

/** A surrogate: its second byte, the 13th of all, is the first that is wrong. */
const withSurrogate = text(Buffer.concat([greek, hex('ed a0 80'), Buffer.from('edited')]))
/** Beyond U+10FFFF: likewise the 13th byte. */
const beyondUnicode = Buffer.concat([greek, hex('f4 90 80 80'), Buffer.from('edited')])
const whole = text(beyondUnicode)

const oneByOne = (message: RawFrame) => send(...fragments(message, 1))

const messages: Case[] = [
  ['6.1.1', 'echoes an empty text', [send(text()), receive(text()), weClose]],
  [
    '6.1.2',
    'echoes an empty text of three fragments',
    [send(text('', more), continuation('', more), continuation()), receive(text()), weClose],
  ],
  [
    '6.1.3',
    'echoes a text between two empty fragments',
    [
      send(text('', more), continuation('middle frame payload', more), continuation()),
      receive(text('middle frame payload')),
      weClose,
    ],
  ],

  ['6.2.1', 'echoes a text of one frame', [send(text(western)), receive(text(western)), weClose]],
  [
    '6.2.2',
    'echoes a text that is cut between characters',
    [send(text(westernStart, more), continuation(westernRest)), receive(text(western)), weClose],
  ],
  [
    '6.2.3',
    'echoes a text that is cut at every byte',
    [oneByOne(text(western)), receive(text(western)), weClose],
  ],
  ['6.2.4', 'echoes Greek that is cut at every byte', [oneByOne(text(greek)), receive(text(greek)), weClose]],

  ['6.3.1', 'fails at a surrogate', [send(withSurrogate), theyFail(1007)]],
  ['6.3.2', 'fails at a surrogate in fragments of one byte', [oneByOne(withSurrogate), theyFail(1007)]],

  [
    '6.4.1',
    'fails at the second fragment, which makes the text wrong, before the third comes',
    [
      ...[send(text(beyondUnicode.subarray(0, 11), more)), nothingComes],
      ...[send(continuation(beyondUnicode.subarray(11, 15), more)), theyFail(1007)],
    ],
  ],
  [
    '6.4.2',
    'fails at the first byte that makes the text wrong when it is a fragment',
    [
      ...[send(text(beyondUnicode.subarray(0, 12), more)), nothingComes],
      ...[send(continuation(beyondUnicode.subarray(12, 13), more)), theyFail(1007)],
    ],
  ],
  [
    '6.4.3',
    'fails at the piece of a frame that makes the text wrong, before the rest of the frame comes',
    [sendPart(whole, 0, 11), nothingComes, sendPart(whole, 11, 15), theyFail(1007)],
  ],
  [
    '6.4.4',
    'fails at the first byte that makes the text wrong, before the rest of the frame comes',
    [sendPart(whole, 0, 12), nothingComes, sendPart(whole, 12, 13), theyFail(1007)],
  ],
]

// The sequences, in the order of their numbers: valid ones are echoed, the others fail the connection.

const VALID = true
const INVALID = false
type Sequence = readonly [isValid: boolean, bytes: Uint8Array]

const valid = (...sequences: string[]): Sequence[] => sequences.map((digits) => [VALID, hex(digits)])
const invalid = (...sequences: string[]): Sequence[] => sequences.map((digits) => [INVALID, hex(digits)])

/** From the first byte up to the last but one of the range, as the list has it. */
const bytesBetween = (first: number, last: number) =>
  Array.from({ length: last - first }, (_, index) => first + index)
const eachWithSpace = (bytes: number[]) => Buffer.from(bytes.flatMap((byte) => [byte, 0x20]))

const greekPrefixes = Array.from({ length: greek.length }, (_, index): Sequence => {
  const prefix = greek.subarray(0, index + 1)
  return [[2, 5, 7, 9, 11].includes(prefix.length), prefix]
})

const lastByteMissing = [
  ...['c0', 'e0 80', 'f0 80 80', 'f8 80 80 80', 'fc 80 80 80 80'],
  ...['df', 'ef bf', 'f7 bf bf', 'fb bf bf bf', 'fd bf bf bf bf'],
]

const nonCharacters = [
  ...['ef bf be', 'ef bf bf'],
  ...['f0 9f bf be', 'f0 9f bf bf', 'f0 af bf be', 'f0 af bf bf', 'f0 bf bf be', 'f0 bf bf bf'],
  ...['f1 8f bf be', 'f1 8f bf bf', 'f1 9f bf be', 'f1 9f bf bf'],
  ...['f1 af bf be', 'f1 af bf bf', 'f1 bf bf be', 'f1 bf bf bf'],
  ...['f2 8f bf be', 'f2 8f bf bf', 'f2 9f bf be', 'f2 9f bf bf'],
  ...['f2 af bf be', 'f2 af bf bf', 'f2 bf bf be', 'f2 bf bf bf'],
  ...['f3 8f bf be', 'f3 8f bf bf', 'f3 9f bf be', 'f3 9f bf bf'],
  ...['f3 af bf be', 'f3 af bf bf', 'f3 bf bf be', 'f3 bf bf bf'],
  ...['f4 8f bf be', 'f4 8f bf bf'],
]

const groups: readonly (readonly [number: string, what: string, sequences: Sequence[]])[] = [
  [
    '6.5',
    'sequences of one to four bytes',
    [
      ...valid('68656c6c6f 24 776f726c64', '68656c6c6f c2a2 776f726c64', '68656c6c6f e282ac 776f726c64'),
      ...valid('68656c6c6f f0a4ada2 776f726c64', 'ce ba e1 bd b9 cf 83 ce bc ce b5'),
    ],
  ],
  ['6.6', 'prefixes of a Greek word', greekPrefixes],
  ['6.7', 'the first sequence of a length', valid('00', 'c2 80', 'e0 a0 80', 'f0 90 80 80')],
  ['6.8', 'the first sequence of five and six bytes', invalid('f8 88 80 80 80', 'fc 84 80 80 80 80')],
  ['6.9', 'the last sequence of a length', valid('7f', 'df bf', 'ef bf bf', 'f4 8f bf bf')],
  [
    '6.10',
    'the last sequence of a length beyond U+10FFFF',
    invalid('f7 bf bf bf', 'fb bf bf bf bf', 'fd bf bf bf bf bf'),
  ],
  [
    '6.11',
    'the neighbours of a boundary',
    [...valid('ed 9f bf', 'ee 80 80', 'ef bf bd', 'f4 8f bf bf'), ...invalid('f4 90 80 80')],
  ],
  [
    '6.12',
    'continuation bytes of nothing',
    [
      ...invalid('80', 'bf', '80 bf', '80 bf 80', '80 bf 80 bf', '80 bf 80 bf 80', '80 bf 80 bf 80 bf'),
      [INVALID, Buffer.from(bytesBetween(0x80, 0xbf))],
    ],
  ],
  [
    '6.13',
    'first bytes without their continuation',
    [
      [INVALID, eachWithSpace(bytesBetween(0xc0, 0xdf))],
      [INVALID, eachWithSpace(bytesBetween(0xe0, 0xef))],
      [INVALID, eachWithSpace(bytesBetween(0xf0, 0xf7))],
      [INVALID, eachWithSpace(bytesBetween(0xf8, 0xfb))],
      [INVALID, eachWithSpace(bytesBetween(0xfc, 0xfd))],
    ],
  ],
  ['6.14', 'a sequence whose last byte is missing', invalid(...lastByteMissing)],
  ['6.15', 'ten such sequences together', invalid(lastByteMissing.join(' '))],
  ['6.16', 'bytes that are never UTF-8', invalid('fe', 'ff', 'fe fe ff ff')],
  [
    '6.17',
    'a slash in more bytes than it takes',
    invalid('c0 af', 'e0 80 af', 'f0 80 80 af', 'f8 80 80 80 af', 'fc 80 80 80 80 af'),
  ],
  [
    '6.18',
    'the highest character of a length in more bytes than it takes',
    invalid('c1 bf', 'e0 9f bf', 'f0 8f bf bf', 'f8 87 bf bf bf', 'fc 83 bf bf bf bf'),
  ],
  [
    '6.19',
    'NUL in more bytes than it takes',
    invalid('c0 80', 'e0 80 80', 'f0 80 80 80', 'f8 80 80 80 80', 'fc 80 80 80 80 80'),
  ],
  [
    '6.20',
    'a lone surrogate',
    invalid('ed a0 80', 'ed ad bf', 'ed ae 80', 'ed af bf', 'ed b0 80', 'ed be 80', 'ed bf bf'),
  ],
  [
    '6.21',
    'a pair of surrogates',
    [
      ...invalid('ed a0 80 ed b0 80', 'ed a0 80 ed bf bf', 'ed ad bf ed b0 80', 'ed ad bf ed bf bf'),
      ...invalid('ed ae 80 ed b0 80', 'ed ae 80 ed bf bf', 'ed af bf ed b0 80', 'ed af bf ed bf bf'),
    ],
  ],
  ['6.22', 'non-characters', valid(...nonCharacters)],
  [
    '6.23',
    'specials, the replacement character among them',
    valid('ef bf b9', 'ef bf ba', 'ef bf bb', 'ef bf bc', 'ef bf bd', 'ef bf be', 'ef bf bf'),
  ],
]

const sequences = groups.flatMap(([number, what, members]) =>
  members.map(([isValid, bytes], index): Case => {
    const message = text(bytes)
    const shown = Buffer.from(bytes).toString('hex', 0, 16)
    return [
      `${number}.${index + 1}`,
      `${isValid ? 'echoes' : 'fails at'} ${what}: ${shown}${bytes.length > 16 ? '…' : ''}`,
      isValid ? [send(message), receive(message), weClose] : [send(message), theyFail(1007)],
    ]
  }),
)

export const utf8: Case[] = [...messages, ...sequences]

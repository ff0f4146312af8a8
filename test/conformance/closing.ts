// Section 7: the closing handshake, and which Close frames may be sent (RFC 6455 §5.5.1, §7). A Close is answered with
// its own code, in its turn: after the echoes of what came before it. Nothing after it is read.
import { close, continuation, ping, type RawFrame, text } from '../support/raw-websocket.js'
import { type Case, more, receive, send, theyAnswer, theyFail, weClose } from './script.js'

const hello = text('Hello World!')
const big = text('BAsd7&jh23'.repeat(26215).slice(0, 256 * 1024))
const notUtf8 = Buffer.from('cebae1bdb9cf83cebcceb5eda080656469746564', 'hex')
const closeOfOneByte: RawFrame = { opcode: 8, payload: 'a' }

const handshake: Case[] = [
  ['7.1.1', 'answers a Close after a message', [send(hello), receive(hello), weClose]],
  ['7.1.2', 'passes over a second Close', [send(close(1000), close()), theyAnswer(1000)]],
  ['7.1.3', 'does not answer a ping after a Close', [send(close(1000), ping()), theyAnswer(1000)]],
  ['7.1.4', 'passes over a text after a Close', [send(close(1000), hello), theyAnswer(1000)]],
  [
    '7.1.5',
    'answers a Close between fragments, and passes over the last of them',
    [send(text('fragment1', more), close(1000), continuation('fragment2')), theyAnswer(1000)],
  ],
  [
    '7.1.6',
    'echoes 256 KiB and a short text before it answers the Close that came with them',
    [send(big, hello, close(1000), ping()), receive(big), receive(hello), theyAnswer(1000)],
  ],
]

const payloads: Case[] = [
  ['7.3.1', 'answers an empty Close with an empty one', [send(close()), theyAnswer(undefined)]],
  ['7.3.2', 'fails at a Close of one byte', [send(closeOfOneByte), theyFail(1002)]],
  ['7.3.3', 'answers a Close that is a code', [send(close(1000)), theyAnswer(1000)]],
  ['7.3.4', 'answers a Close with a reason', [send(close(1000, 'Hello World!')), theyAnswer(1000)]],
  [
    '7.3.5',
    'answers a Close with a reason of 123 bytes',
    [send(close(1000, '*'.repeat(123))), theyAnswer(1000)],
  ],
  [
    '7.3.6',
    'fails at a Close with a reason of 124 bytes',
    [send(close(1000, '*'.repeat(124))), theyFail(1002)],
  ],
  ['7.5.1', 'fails at a reason that is not UTF-8', [send(close(1000, notUtf8)), theyFail(1007)]],
]

// RFC 6455 §7.4, and IANA's registry for 1012 to 1014, which came after the list. 1015 and what nobody has registered
// may not be sent, nor may codes past 4999 (the list leaves 7.13 open).
const sendable = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]
const unsendable = [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]

const answers = (number: string, code: number): Case => [
  number,
  `answers a Close of ${code}`,
  [send(close(code)), theyAnswer(code)],
]
const fails = (number: string, code: number): Case => [
  number,
  `fails at a Close of ${code}`,
  [send(close(code)), theyFail(1002)],
]

const codes: Case[] = [
  ...sendable.map((code, index) => answers(`7.7.${index + 1}`, code)),
  ...[1012, 1013, 1014].map((code) => answers('7.7 and the registry', code)),
  ...unsendable.map((code, index) => fails(`7.9.${index + 1}`, code)),
  fails('7.9 and the registry', 1015),
  fails('7.13.1', 5000),
  fails('7.13.2', 65535),
]

export const closing: Case[] = [...handshake, ...payloads, ...codes]

// Section 3: RSV bits that no extension has given a meaning fail the connection (RFC 6455 §5.2). What came whole before
// the fault is still answered, what comes after it is not.
import { binary, close, ping, text } from '../support/raw-websocket.js'
import { type Case, receive, send, sendApart, sendInChops, theyFail } from './script.js'

const hello = text('Hello, world!')
const helloWith = (rsv: number) => text('Hello, world!', { rsv })

export const reservedBits: Case[] = [
  ['3.1', 'fails at a text with RSV3', [send(helloWith(0b001)), theyFail(1002)]],
  [
    '3.2',
    'echoes a text, then fails at one with RSV2 that came with it',
    [send(hello, helloWith(0b010), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '3.3',
    'echoes a text, then fails at one with RSV2 and RSV3 when each frame comes alone',
    [sendApart(hello, helloWith(0b011), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '3.4',
    'echoes a text, then fails at one with RSV1 when all comes byte by byte',
    [sendInChops(1, hello, helloWith(0b100), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '3.5',
    'fails at a binary message with RSV1 and RSV3',
    [send(binary(Buffer.from('00fffefdfcfb00ff', 'hex'), { rsv: 0b101 })), theyFail(1002)],
  ],
  // The list says ping, and its program sends a binary frame: both.
  [
    '3.6',
    'fails at a binary message with RSV1 and RSV2',
    [send(binary('Hello, world!', { rsv: 0b110 })), theyFail(1002)],
  ],
  [
    '3.6 as described',
    'fails at a ping with RSV1 and RSV2',
    [send(ping('Hello, world!', { rsv: 0b110 })), theyFail(1002)],
  ],
  ['3.7', 'fails at a Close with all three', [send(close(undefined, '', { rsv: 0b111 })), theyFail(1002)]],
]

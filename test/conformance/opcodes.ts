// Section 4: the opcodes 3 to 7 and 11 to 15 are reserved and fail the connection (RFC 6455 §5.2).
import { ping, type RawFrame, text } from '../support/raw-websocket.js'
import { type Case, receive, send, sendInChops, theyFail } from './script.js'

const hello = text('Hello, world!')
const reserved = (opcode: number, payload = ''): RawFrame => ({ opcode, payload })

export const opcodes: Case[] = [
  ['4.1.1', 'fails at opcode 3', [send(reserved(3)), theyFail(1002)]],
  [
    '4.1.2',
    'fails at opcode 4 with a payload',
    [send(reserved(4, 'reserved opcode payload')), theyFail(1002)],
  ],
  [
    '4.1.3',
    'echoes a text, then fails at opcode 5 that came with it',
    [send(hello, reserved(5), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '4.1.4',
    'echoes a text, then fails at opcode 6 with a payload that came with it',
    [send(hello, reserved(6, 'Hello, world!'), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '4.1.5',
    'echoes a text, then fails at opcode 7 when all comes byte by byte',
    [sendInChops(1, hello, reserved(7, 'Hello, world!'), ping()), receive(hello), theyFail(1002)],
  ],

  ['4.2.1', 'fails at opcode 11', [send(reserved(11)), theyFail(1002)]],
  [
    '4.2.2',
    'fails at opcode 12 with a payload',
    [send(reserved(12, 'reserved opcode payload')), theyFail(1002)],
  ],
  [
    '4.2.3',
    'echoes a text, then fails at opcode 13 that came with it',
    [send(hello, reserved(13), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '4.2.4',
    'echoes a text, then fails at opcode 14 with a payload that came with it',
    [send(hello, reserved(14, 'Hello, world!'), ping()), receive(hello), theyFail(1002)],
  ],
  [
    '4.2.5',
    'echoes a text, then fails at opcode 15 when all comes byte by byte',
    [sendInChops(1, hello, reserved(15, 'Hello, world!'), ping()), receive(hello), theyFail(1002)],
  ],
]

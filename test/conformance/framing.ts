// Section 1: text and binary messages at the limits of the three length forms (RFC 6455 §5.2).
import { binary, text } from '../support/raw-websocket.js'
import { type Case, receive, send, sendInChops, weClose } from './script.js'

const stars = (length: number) => text('*'.repeat(length))
const bytes = (length: number) => binary(Buffer.alloc(length, 0xfe))

export const framing: Case[] = [
  ['1.1.1', 'echoes an empty text', [send(stars(0)), receive(stars(0)), weClose]],
  ['1.1.2', 'echoes a text of 125 bytes', [send(stars(125)), receive(stars(125)), weClose]],
  ['1.1.3', 'echoes a text of 126 bytes', [send(stars(126)), receive(stars(126)), weClose]],
  ['1.1.4', 'echoes a text of 127 bytes', [send(stars(127)), receive(stars(127)), weClose]],
  ['1.1.5', 'echoes a text of 128 bytes', [send(stars(128)), receive(stars(128)), weClose]],
  ['1.1.6', 'echoes a text of 65,535 bytes', [send(stars(65535)), receive(stars(65535)), weClose]],
  ['1.1.7', 'echoes a text of 65,536 bytes', [send(stars(65536)), receive(stars(65536)), weClose]],
  [
    '1.1.8',
    'echoes a text of 65,536 bytes that comes in pieces of 997',
    [sendInChops(997, stars(65536)), receive(stars(65536)), weClose],
  ],

  ['1.2.1', 'echoes an empty binary message', [send(bytes(0)), receive(bytes(0)), weClose]],
  ['1.2.2', 'echoes a binary message of 125 bytes', [send(bytes(125)), receive(bytes(125)), weClose]],
  ['1.2.3', 'echoes a binary message of 126 bytes', [send(bytes(126)), receive(bytes(126)), weClose]],
  ['1.2.4', 'echoes a binary message of 127 bytes', [send(bytes(127)), receive(bytes(127)), weClose]],
  ['1.2.5', 'echoes a binary message of 128 bytes', [send(bytes(128)), receive(bytes(128)), weClose]],
  ['1.2.6', 'echoes a binary message of 65,535 bytes', [send(bytes(65535)), receive(bytes(65535)), weClose]],
  ['1.2.7', 'echoes a binary message of 65,536 bytes', [send(bytes(65536)), receive(bytes(65536)), weClose]],
  [
    '1.2.8',
    'echoes a binary message of 65,536 bytes that comes in pieces of 997',
    [sendInChops(997, bytes(65536)), receive(bytes(65536)), weClose],
  ],
]

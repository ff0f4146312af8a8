// Section 2: a ping is answered with its own payload, a pong with nothing (RFC 6455 §5.5.2, §5.5.3).
import { close, ping, pong } from '../support/raw-websocket.js'
import { type Case, receive, send, sendInChops, theyAnswer, theyFail, weClose } from './script.js'

const binaryPayload = Buffer.from('00fffefdfcfb00ff', 'hex')
const unasked = pong('unsolicited pong payload')
const ten = Array.from({ length: 10 }, (_, index) => `payload-${index}`)
const tenPings = ten.map((payload) => ping(payload))
const tenPongs = ten.map((payload) => receive(pong(payload)))
const bytes = (length: number) => Buffer.alloc(length, 0xfe)

export const pingsAndPongs: Case[] = [
  ['2.1', 'answers an empty ping', [send(ping()), receive(pong()), weClose]],
  ['2.2', 'answers a ping of text', [send(ping('Hello, world!')), receive(pong('Hello, world!')), weClose]],
  [
    '2.3',
    'answers a ping that is not UTF-8',
    [send(ping(binaryPayload)), receive(pong(binaryPayload)), weClose],
  ],
  ['2.4', 'answers a ping of 125 bytes', [send(ping(bytes(125))), receive(pong(bytes(125))), weClose]],
  ['2.5', 'fails at a ping of 126 bytes', [send(ping(bytes(126))), theyFail(1002)]],
  [
    '2.6',
    'answers a ping of 125 bytes that comes byte by byte',
    [sendInChops(1, ping(bytes(125))), receive(pong(bytes(125))), weClose],
  ],
  ['2.7', 'passes over an empty pong', [send(pong(), close(1000)), theyAnswer(1000)]],
  ['2.8', 'passes over a pong that answers no ping', [send(unasked, close(1000)), theyAnswer(1000)]],
  [
    '2.9',
    'answers a ping after a pong that answers none',
    [send(unasked, ping('ping payload')), receive(pong('ping payload')), weClose],
  ],
  ['2.10', 'answers ten pings in their order', [send(...tenPings), ...tenPongs, weClose]],
  [
    '2.11',
    'answers ten pings in their order when they come byte by byte',
    [sendInChops(1, ...tenPings), ...tenPongs, weClose],
  ],
]

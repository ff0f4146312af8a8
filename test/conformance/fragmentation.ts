// Section 5: messages in fragments, control frames between them, and fragments that belong to nothing (RFC 6455 §5.4).
import { continuation, ping, pong, type RawFrame, text } from '../support/raw-websocket.js'
import { type Case, more, receive, send, sendApart, sendInChops, theyFail, weClose } from './script.js'

const two = [text('fragment1', more), continuation('fragment2')]
const twoAroundPing = [text('fragment1', more), ping('ping payload'), continuation('fragment2')]
const joined = receive(text('fragment1fragment2'))
const answered = receive(pong('ping payload'))

const hello = text('Hello, world!')
const strayThenText = (stray: RawFrame) => [stray, hello]
const strayLast = continuation('non-continuation payload')
const strayOpen = continuation('non-continuation payload', more)

const strayThenTwo = (stray: RawFrame) => [stray, text('fragment2', more), continuation('fragment3')]
const twice = (frames: RawFrame[]) => [...frames, ...frames]

const beforeFirstPing = [text('fragment1', more), continuation('fragment2', more), ping('pongme 1!')]
const afterFirstPing = [
  ...[continuation('fragment3', more), continuation('fragment4', more)],
  ...[ping('pongme 2!'), continuation('fragment5')],
]
const firstPong = receive(pong('pongme 1!'))
const secondPong = receive(pong('pongme 2!'))
const allFive = receive(text('fragment1fragment2fragment3fragment4fragment5'))

export const fragmentation: Case[] = [
  ['5.1', 'fails at a ping in fragments', [send(ping('fragment1', more), two[1]!), theyFail(1002)]],
  ['5.2', 'fails at a pong in fragments', [send(pong('fragment1', more), two[1]!), theyFail(1002)]],

  ['5.3', 'joins two fragments', [send(...two), joined, weClose]],
  ['5.4', 'joins two fragments when each comes alone', [sendApart(...two), joined, weClose]],
  ['5.5', 'joins two fragments when they come byte by byte', [sendInChops(1, ...two), joined, weClose]],

  ['5.6', 'answers a ping between fragments first', [send(...twoAroundPing), answered, joined, weClose]],
  [
    '5.7',
    'answers a ping between fragments first when each frame comes alone',
    [sendApart(...twoAroundPing), answered, joined, weClose],
  ],
  [
    '5.8',
    'answers a ping between fragments first when all comes byte by byte',
    [sendInChops(1, ...twoAroundPing), answered, joined, weClose],
  ],

  ['5.9', 'fails at a last continuation of nothing', [send(...strayThenText(strayLast)), theyFail(1002)]],
  [
    '5.10',
    'fails at a last continuation of nothing when each frame comes alone',
    [sendApart(...strayThenText(strayLast)), theyFail(1002)],
  ],
  [
    '5.11',
    'fails at a last continuation of nothing when all comes byte by byte',
    [sendInChops(1, ...strayThenText(strayLast)), theyFail(1002)],
  ],
  ['5.12', 'fails at a continuation of nothing', [send(...strayThenText(strayOpen)), theyFail(1002)]],
  [
    '5.13',
    'fails at a continuation of nothing when each frame comes alone',
    [sendApart(...strayThenText(strayOpen)), theyFail(1002)],
  ],
  [
    '5.14',
    'fails at a continuation of nothing when all comes byte by byte',
    [sendInChops(1, ...strayThenText(strayOpen)), theyFail(1002)],
  ],
  [
    '5.15',
    'echoes a message of two fragments, then fails at a continuation of nothing that came with it',
    [send(...two, continuation('fragment3', more), text('fragment4')), joined, theyFail(1002)],
  ],
  [
    '5.16',
    'fails at a continuation of nothing before two fragments, twice',
    [send(...twice(strayThenTwo(continuation('fragment1', more)))), theyFail(1002)],
  ],
  [
    '5.17',
    'fails at a last continuation of nothing before two fragments, twice',
    [send(...twice(strayThenTwo(continuation('fragment1')))), theyFail(1002)],
  ],
  [
    '5.18',
    'fails at a new text inside a fragmented one',
    [send(text('fragment1', more), text('fragment2')), theyFail(1002)],
  ],

  [
    '5.19',
    'answers two pings between five fragments, each before the next fragment comes',
    [send(...beforeFirstPing), firstPong, send(...afterFirstPing), secondPong, allFive, weClose],
  ],
  [
    '5.20',
    'answers two pings between five fragments when each frame comes alone',
    [sendApart(...beforeFirstPing), firstPong, sendApart(...afterFirstPing), secondPong, allFive, weClose],
  ],
]

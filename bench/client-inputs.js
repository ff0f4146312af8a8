// What the client subject asks for: small text, a JSON answer as an API gives it, and a download; and what of each an
// answer has to be.

import { helloText } from './servers/answers.js'

/** That a client may have, and has where so many requests are under way. */
export const connections = 50

const MiB = 1024 * 1024

/** The download is this over and over. */
export const downloadBlock = Buffer.alloc(MiB, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))
export const downloadSize = 256 * MiB

const kinds = [
  ['id', (i) => 4711 + i],
  ['name', (i) => `A thing with the name ${i}`],
  ['price', (i) => i + 0.95],
  ['open', (i) => i % 3 === 0],
  ['seen', (i) => (i % 2 === 0 ? null : `2026-11-22T10:${i + 10}:00Z`)],
]

/** An object of 100 fields: numbers, texts, booleans and nulls, 2 KB as JSON. */
export const fields = Object.fromEntries(
  Array.from({ length: 20 }, (_, i) => kinds.map(([name, value]) => [`${name}_${i}`, value(i)])).flat(),
)

/** With Date, Content-Type and Content-Length ten. */
export const fieldsHeaders = [
  ['Server', 'ready'],
  ['Connection', 'keep-alive'],
  ['Cache-Control', 'private, max-age=0, must-revalidate'],
  ['ETag', 'W/"a4f-5d7c2b9e8f1a3c6d"'],
  ['Vary', 'Accept-Encoding, Origin'],
  ['X-Request-Id', '9f1c2d3e-4b5a-6978-8796-a5b4c3d2e1f0'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
]

const request = {
  noun: 'request',
  cpu: 'µs',
  cpuDigits: 2,
  ofMicroseconds: (µs) => µs,
  rate: 'requests/s',
  amount: 1,
}
const download = {
  noun: 'download',
  cpu: 'ms',
  cpuDigits: 0,
  ofMicroseconds: (µs) => µs / 1000,
  rate: 'MB/s',
  amount: downloadSize / 1e6,
}

/**
 * `concurrency` requests are under way, each followed by the next when its answer has been read whole. `server` is a file
 * in servers/, which is told to serve `serves`; `task` is one of clients/tasks.js. `amount` is how much of the rate's unit
 * one of them is.
 */
export const scenarios = {
  'hello-1': {
    title: '11 B of text, one request at a time',
    ...{ concurrency: 1, server: 'null', serves: 'hello', task: 'text', expected: helloText },
    unit: request,
  },
  'hello-50': {
    title: '11 B of text, 50 requests at once',
    ...{ concurrency: 50, server: 'null', serves: 'hello', task: 'text', expected: helloText },
    unit: request,
  },
  fields: {
    title: 'JSON of 100 fields, 10 header fields, 50 requests at once',
    ...{ concurrency: 50, server: 'ready', serves: 'fields', task: 'json', expected: fields },
    unit: request,
  },
  download: {
    title: '256 MiB, streamed, one at a time',
    ...{ concurrency: 1, server: 'ready', serves: 'download', task: 'download', expected: downloadSize },
    unit: download,
  },
}

// A body may be any iterable, also one that takes its time. The server asks for the next piece when the last one
// has left for the client, so a slow reader slows the generator down: backpressure for free.

import { setTimeout as sleep } from 'node:timers/promises'

export const title = 'Streamed counter'
export const path = '/counter'
export const sentence = 'An async generator as the body: one line a second, for ten seconds.'
export const curl = ['curl -N http://localhost:8090/counter']

async function* count() {
  for (let n = 1; n <= 10; n++) {
    yield `${n}\n`
    await sleep(1000)
  }
}

export function handler() {
  const headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'X-Content-Type-Options': 'nosniff', // lets a browser show the first line before it has seen many
  }
  return { headers, body: count() }
}

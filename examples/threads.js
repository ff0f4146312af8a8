// What computes goes to threads: the event loop only reads and writes, and answers everybody else meanwhile.

import { threaded } from 'httpkit-wasm/threads'

export const title = 'Threads'
export const path = '/primes'
export const sentence = 'Primes counted on worker threads, while the server goes on answering.'
export const curl = [
  'curl "http://localhost:8090/primes?upto=10000000"',
  'curl "http://localhost:8090/primes?upto=100000000" & curl http://localhost:8090/hello',
]

// Sixteen may wait for a thread; whoever comes after them is told to come again, with 503.
export const handler = threaded(new URL('./threads/primes.js', import.meta.url), { queueSize: 16 })

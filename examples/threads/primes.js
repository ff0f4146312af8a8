// A Ring handler like any other, but for where it runs: ../threads.js hands requests to it, on worker threads.

import { threadId } from 'node:worker_threads'

const MOST = 100_000_000
const AT_ONCE = 1_000_000

export default function primes(req) {
  const upto = Number(new URLSearchParams(req.queryString).get('upto') ?? AT_ONCE)
  if (!Number.isInteger(upto) || upto < 2 || upto > MOST) {
    return answer(400, `upto is a whole number from 2 to ${MOST}`)
  }
  const begin = performance.now()
  const count = countPrimes(upto, req.asyncChannel)
  const milliseconds = Math.round(performance.now() - begin)
  return answer(200, `${count} primes up to ${upto}, in ${milliseconds} ms, by thread ${threadId}`)
}

const answer = (status, line) => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  body: `${line}\n`,
})

/** The sieve of Eratosthenes, a million numbers at a time, as long as the client is there. */
function countPrimes(upto, channel) {
  const small = primesUpTo(Math.floor(Math.sqrt(upto)))
  let count = 0
  for (let start = 2; start <= upto && channel.isOpen; start += AT_ONCE) {
    const end = Math.min(start + AT_ONCE, upto + 1)
    const isComposite = new Uint8Array(end - start)
    for (const prime of small) {
      for (let at = Math.max(prime * prime, Math.ceil(start / prime) * prime); at < end; at += prime) {
        isComposite[at - start] = 1
      }
    }
    for (const composite of isComposite) count += 1 - composite
  }
  return count
}

function primesUpTo(most) {
  const isComposite = new Uint8Array(most + 1)
  const primes = []
  for (let number = 2; number <= most; number++) {
    if (isComposite[number]) continue
    primes.push(number)
    for (let at = number * number; at <= most; at += number) isComposite[at] = 1
  }
  return primes
}

// The client of client.js, in a process of its own: the built package. It asks what it is told to ask, and tells what came.
import { setTimeout as sleep } from 'node:timers/promises'
import { makeClient } from 'httpkit-wasm/client'
import { answer, heldBytes } from './answering.js'

const unexpected = []
const client = makeClient({
  maxConnections: 24,
  maxQueue: 10_000,
  errorLogger: (message, error) => unexpected.push(`${message}: ${error?.stack ?? error}`),
})

/** @param wish.abortAfter milliseconds @param wish.readsUntil bytes of the stream, after which it is cancelled */
async function ask({ abortAfter, readsUntil, isLate, ...options }) {
  const abort = new AbortController()
  if (abortAfter !== undefined) setTimeout(() => abort.abort(), abortAfter)
  const body = isLate ? late(options.body) : options.body
  const response = await client.request({ ...options, body, signal: abort.signal })
  const { status, headers, trailers, error } = response
  if (error) return failureOf(error)
  const head = { status, headers: { ...headers } }
  if (options.as !== 'stream') return { ...head, body: response.body, trailers: trailers && { ...trailers } }
  try {
    return { ...head, ...(await readStream(response.body, readsUntil)) }
  } catch (failure) {
    return failureOf(failure)
  }
}

async function* late(body) {
  yield body.subarray(0, body.length >> 1)
  await sleep(3)
  yield body.subarray(body.length >> 1)
}

async function readStream(stream, readsUntil = Number.POSITIVE_INFINITY) {
  const pieces = []
  let length = 0
  for await (const piece of stream) {
    pieces.push(piece)
    length += piece.length
    if (length >= readsUntil) return { body: Buffer.concat(pieces), isPart: true }
    if (pieces.length % 3 === 1) await sleep(1)
  }
  return { body: Buffer.concat(pieces) }
}

function failureOf(error) {
  return { code: error.code ?? 'no code', message: String(error.stack) }
}

answer({
  ask,
  stats: () => ({ ...client.stats(), unexpected }),
  close: () => client.close(),
  heldBytes,
})

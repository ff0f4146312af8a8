// From a response map to an answer: which kind of body it is, and so how it leaves.
import { asError } from '../io/as-error.js'
import { FileBody } from '../io/file-body.js'
import { cancelPieces, type Pieces, piecesOf } from '../io/pieces.js'
import type { RingResponse } from '../ring/contract.js'
import { withType } from '../ring/with-type.js'
import { Exchange } from './exchange.js'

/** Bytes of a body that keeps itself busy after which the event loop has its turn. */
const TURN_BYTES = 1024 * 1024

/**
 * Sends a handler's response; nothing stands for 404, as in http-kit.
 *
 * @throws TypeError for a response that cannot be sent, before a byte of it has left
 */
export function respond(exchange: Exchange, response: RingResponse | null | undefined): void {
  if (response === null || response === undefined) return exchange.answer(404, undefined, '')
  if (typeof response !== 'object') throw new TypeError('a handler must return a response map')
  const { status = 200, headers, body } = response
  if (typeof body === 'string') exchange.answer(status, headers, body)
  else if (body === undefined || body === null) exchange.answer(status, headers, '')
  else if (body instanceof Uint8Array) exchange.answer(status, headers, body)
  else if (typeof body !== 'object') throw new TypeError('a response with a body of no known kind')
  else if (body !== (exchange as object)) respondWithSource(exchange, { ...response, status }, body)
}

function respondWithSource(exchange: Exchange, response: RingResponse, body: object): void {
  if (body instanceof FileBody) return run(exchange, sendFile(exchange, response, body))
  if (body instanceof Blob) return sendBlob(exchange, response, body)
  if (body instanceof Exchange) throw new TypeError("a response's body is another request's channel")
  const pieces = piecesOf(body)
  if (!pieces) throw new TypeError('a response with a body of no known kind')
  run(exchange, sendPieces(exchange, response, -1, pieces))
}

function run(exchange: Exchange, sending: Promise<void>): void {
  sending.catch((error) => fail(exchange, error))
}

function sendBlob(exchange: Exchange, response: RingResponse, blob: Blob): void {
  const { status = 200, headers } = response
  const pieces = piecesOf(blob.stream())!
  run(exchange, sendPieces(exchange, { status, ...withType(headers, blob.type) }, blob.size, pieces))
}

async function sendFile(exchange: Exchange, response: RingResponse, body: FileBody): Promise<void> {
  const file = await body.open()
  if (!exchange.isOpen || exchange.isHead) {
    await file.close()
    if (!exchange.isOpen) return
  }
  const { status = 200 } = response
  const typed = { status, ...withType(response.headers, body.contentType) }
  if (exchange.isHead) exchange.beginPieces(status, typed.headers, file.size)
  else await sendPieces(exchange, typed, file.size, piecesOf(file.pieces())!)
}

// While a client waits for 100 Continue the head must wait for the first piece: making it may read the request's body,
// and after the head it would be too late to ask for it.
async function sendPieces(
  exchange: Exchange,
  response: RingResponse,
  length: number,
  pieces: Pieces,
): Promise<void> {
  let piece = exchange.awaitsContinue ? await pieces.next() : undefined
  const isAhead = piece !== undefined
  if (!begins(exchange, response, length, pieces)) return
  if (!isAhead) piece = await pieces.next()
  let turn = 0
  while (piece !== undefined && exchange.isOpen) {
    exchange.write(piece)
    turn += piece.length
    if (exchange.outlet.outbox.isClogged) await exchange.outlet.outbox.drained()
    else if (turn > TURN_BYTES) await nextTurn()
    if (turn > TURN_BYTES) turn = 0
    const next = pieces.next()
    piece = next instanceof Promise ? await next : next
  }
  if (exchange.isOpen) exchange.end()
}

// False where no body is to follow; the source is ended then, also when the head cannot be sent.
function begins(exchange: Exchange, response: RingResponse, length: number, pieces: Pieces): boolean {
  let hasBegun = false
  try {
    hasBegun = exchange.isOpen && exchange.beginPieces(response.status!, response.headers, length, pieces)
  } finally {
    if (!hasBegun) cancelPieces(pieces, new Error('no body is wanted'))
  }
  return hasBegun
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** A handler, or the body it made, failed: 500 if nothing has been sent yet, else the connection is cut. */
export function fail(exchange: Exchange, error: unknown): void {
  const { context } = exchange.outlet
  // A handler that only finds that its client has gone, or was refused, has nothing to report.
  const hasAnswered = exchange.closedAs === 'server-close' && !exchange.isRefusal
  const what = exchange.plainAnswer ? 'errorResponse' : 'a handler'
  if (exchange.isOpen || hasAnswered) context.logError(`${what} failed`, error)
  if (!exchange.isOpen) return
  if (exchange.isAnswered) return exchange.outlet.cut()
  if (exchange.plainAnswer) return exchange.plainAnswer()
  answerForServer(exchange, 500, asError(error), {}, '')
}

/** Answers where the server answers by itself: by `errorResponse`, if there is one and it works. */
export function answerForServer(
  exchange: Exchange,
  status: number,
  error: Error,
  headers: NonNullable<RingResponse['headers']>,
  text: string,
): void {
  const { errorResponse } = exchange.outlet.context.settings
  const type = text === '' ? {} : { 'Content-Type': 'text/plain; charset=utf-8' }
  exchange.isRefusal = true
  exchange.plainAnswer = () => exchange.answer(status, { ...type, ...headers }, text)
  if (!errorResponse) return exchange.plainAnswer()
  try {
    const response = errorResponse(status, error)
    if (typeof response !== 'object') throw new TypeError('errorResponse must return a response map')
    respond(exchange, {
      ...response,
      status: response.status ?? status,
      headers: { ...headers, ...response.headers },
    })
  } catch (failure) {
    fail(exchange, failure)
  }
}

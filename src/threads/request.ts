// A request map on its way to a thread, and there.
import { performance } from 'node:perf_hooks'
import { MessageChannel, MessagePort, type Transferable } from 'node:worker_threads'
import { type Pieces, piecesOf } from '../io/pieces.js'
import type { RequestBody, RingRequest } from '../ring/contract.js'
import { type ErrorData, errorData, errorOf } from './error-data.js'
import { ownBytes, PortPieces, sendPieces } from './port-pieces.js'
import type { RequestData } from './task.js'
import { ThreadBody } from './thread-body.js'
import { ThreadChannel } from './thread-channel.js'

/** Bytes up to which a body is read before a thread is asked for: a slow upload of so little holds none. */
const SMALL_BODY = 256 * 1024

/** With the server: the body's bytes if it is small, and why they cannot be had if that is so; else itself, unread. */
export async function readIfSmall({
  body,
  contentLength = Number.POSITIVE_INFINITY,
}: RingRequest): Promise<RequestBody | Uint8Array | ErrorData | undefined> {
  if (body === undefined || contentLength > SMALL_BODY) return body
  return body.bytes().catch((error: unknown) => errorData(error))
}

/** Whether it is sent on to its thread while the client sends it. */
export function isStreamed(body: RequestBody | Uint8Array | ErrorData | undefined): body is RequestBody {
  return body !== undefined && Symbol.asyncIterator in body
}

/**
 * With the server: the request as data.
 *
 * @param transfers what is handed over with it
 */
export function dataOf(
  request: RingRequest,
  body: RequestBody | Uint8Array | ErrorData | undefined,
  transfers: Transferable[],
): RequestData {
  const { asyncChannel, body: _, startTime, ...others } = request
  const over = new Int32Array(new SharedArrayBuffer(4))
  const data: RequestData = {
    map: { ...others, startTime: startTime + performance.timeOrigin },
    bare: Object.entries(others).flatMap(([name, value]) => (inheritsNothing(value) ? name : [])),
    body: undefined,
    over,
  }
  if (body instanceof Uint8Array) {
    const bytes = ownBytes(body)
    transfers.push(bytes.buffer)
    data.body = bytes
  } else if (isStreamed(body)) {
    const { port1, port2 } = new MessageChannel()
    sendPieces(port1, whenRead(body))
    transfers.push(port2)
    data.body = port2
    void asyncChannel?.closed.then(() => port1.close())
  } else {
    data.body = body
  }
  void asyncChannel?.closed.then(() => {
    Atomics.store(over, 0, 1)
    Atomics.notify(over, 0)
  })
  return data
}

function inheritsNothing(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(value instanceof Object)
}

// To begin with a body tells its client to go on.
function whenRead(body: RequestBody): Pieces {
  let pieces: Pieces | undefined
  return {
    next: () => {
      pieces ??= piecesOf(body)!
      return pieces.next()
    },
    cancel: (reason) => pieces?.cancel(reason),
  }
}

/** In the thread: the request map that the data stands for. */
export function requestOf({ map, bare, body, over }: RequestData): RingRequest {
  const request = map as RingRequest & Record<string, object>
  for (const name of bare) Object.setPrototypeOf(request[name], null)
  request.startTime -= performance.timeOrigin
  request.body = body && new ThreadBody(piecesIn(body), map.characterEncoding)
  request.asyncChannel = new ThreadChannel(over)
  return request
}

function piecesIn(body: Uint8Array | MessagePort | ErrorData): AsyncIterator<Uint8Array, undefined> {
  if (body instanceof MessagePort) return new PortPieces(body, 'the client has gone, or has been answered')
  return wholeOf(body)
}

async function* wholeOf(body: Uint8Array | ErrorData): AsyncGenerator<Uint8Array, undefined> {
  if (!(body instanceof Uint8Array)) throw errorOf(body)
  if (body.length > 0) yield body
}

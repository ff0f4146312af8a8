// A request meets its handler; whatever becomes of that is an answer.
import { isThenable } from '../io/thenable.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import { discard } from '../ring/discard.js'
import { isQueueFull } from '../ring/worker.js'
import type { ServerContext } from './context.js'
import type { Exchange } from './exchange.js'
import { listen } from './listen.js'
import { answerForServer, fail, respond } from './respond.js'

const NO_ROOM = 'Server unavailable, please try again\n'

/** Calls the handler. An answer that is there at once is sent before this returns, and no promise is made for it. */
export function handle(context: ServerContext, request: RingRequest, exchange: Exchange): void {
  try {
    const response = context.run(request)
    if (isThenable(response)) {
      response.then(
        (settled) => settle(request, exchange, settled),
        (error) => failed(exchange, error),
      )
    } else {
      send(request, exchange, response)
    }
  } catch (error) {
    failed(exchange, error)
  }
}

// A request that its channel, a refusal or its client has ended needs no answer any more.
function send(request: RingRequest, exchange: Exchange, response: RingResponse): void {
  if (exchange.isAnswered) discard(response)
  else if (response?.listener) listen(request, exchange, response)
  else respond(exchange, response)
}

function settle(request: RingRequest, exchange: Exchange, response: RingResponse): void {
  try {
    send(request, exchange, response)
  } catch (error) {
    fail(exchange, error)
  }
}

function failed(exchange: Exchange, error: unknown): void {
  if (isQueueFull(error) && !exchange.isAnswered) {
    answerForServer(exchange, 503, error as Error, { 'Retry-After': '1' }, NO_ROOM)
  } else {
    fail(exchange, error)
  }
}

// What Piscina runs in a thread: it loads the handler's module once, and calls it with each request. Whatever goes wrong is part of the
// reply: what Piscina cannot clone would end the thread.
import type { Transferable } from 'node:worker_threads'
import { move } from 'piscina'
import type { Handler } from '../ring/contract.js'
import { errorData } from './error-data.js'
import { requestOf } from './request.js'
import { replyOf } from './response.js'
import type { Reply, Task } from './task.js'

const TRANSFERS = Symbol.for('Piscina.transferable')
const VALUE = Symbol.for('Piscina.valueOf')

export default async function reply({ module, request }: Task): Promise<unknown> {
  try {
    // At once: a port that is closed before anybody listens to it says so to nobody.
    const map = request && requestOf(request)
    const handler = await load(module)
    if (map === undefined) return {}
    const transfers: Transferable[] = []
    return handingOver(replyOf(await handler(map), transfers), transfers)
  } catch (error) {
    return { error: errorData(error) } satisfies Reply
  }
}

async function load(module: string): Promise<Handler> {
  const { default: handler } = await import(module)
  if (typeof handler !== 'function') throw new TypeError(`no function is the default export of ${module}`)
  return handler
}

function handingOver(value: Reply, transfers: Transferable[]): unknown {
  return transfers.length > 0 ? move({ [TRANSFERS]: transfers, [VALUE]: value } as never) : value
}

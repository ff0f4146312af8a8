// A server whose handler runs on threads, and the memory that test and threads share.
import { onTestFinished } from 'vitest'
import type { Handler, ServerOptions } from '../../src/server.js'
import { type ThreadedHandler, type ThreadsOptions, threaded } from '../../src/threads.js'
import { serve, type TestServer } from './raw-peer.js'

/** Pieces that generators have made, generators that have ended, whether who holds may go on, and how far a handler has come. */
export const MADE = 0
export const ENDED = 1
export const GO = 2
export const SEEN = 3

export interface Pool {
  readonly handler: ThreadedHandler
  readonly server: TestServer
  readonly shared: Int32Array
  /** Lets go on who holds, and all that come. */
  release(): void
}

export const module = new URL('threads-handler.mjs', import.meta.url)

/** Ends the threads with the test, whatever they are doing. */
export function threadedFor(options: ThreadsOptions = {}, at: URL | string = module): ThreadedHandler {
  const handler = threaded(at, { threads: 1, ...options })
  onTestFinished(() => handler.close({ timeout: 0 }))
  return handler
}

export async function servePool(
  options: ThreadsOptions = {},
  serverOptions: ServerOptions = {},
  wrapped: (handler: Handler) => Handler = (handler) => handler,
  at: URL | string = module,
): Promise<Pool> {
  const shared = new Int32Array(new SharedArrayBuffer(16))
  const handler = threadedFor({ workerData: shared, ...options }, at)
  const server = await serve(wrapped(handler), serverOptions)
  const release = (): void => {
    Atomics.store(shared, GO, 1)
    Atomics.notify(shared, GO)
  }
  return { handler, server, shared, release }
}

export const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

/** A POST whose body follows. */
export const post = (path: string, fields: string, body = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${fields}\r\n\r\n${body}`

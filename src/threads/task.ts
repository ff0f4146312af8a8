// What goes from one side to the other: a task, and the reply to it. A body that is not all there goes by a port of its own.
import type { MessagePort } from 'node:worker_threads'
import type { FileRange } from '../io/file-body.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import type { ErrorData } from './error-data.js'

export interface Task {
  /** The handler's module. */
  module: string
  /** Undefined: the module is loaded, and that is all. */
  request?: RequestData
}

export interface RequestData {
  /** The request map, but what follows; `startTime` counts from 1970, for each thread has a clock of its own. */
  map: Omit<RingRequest, 'asyncChannel' | 'body'>
  /** Names of the maps in it that inherit nothing: cloning gives them a prototype. */
  bare: string[]
  body: Uint8Array | MessagePort | ErrorData | undefined
  /** 1 from when the answer is complete, or its client gone. */
  over: Int32Array
}

export interface Reply {
  /** The response map; without its body, where one of these two is that. */
  response?: RingResponse
  /** A file's path, and what is sent of it. */
  file?: [path: string, range: FileRange]
  /** Where pieces come from, */
  port?: MessagePort
  /** and who makes them. */
  threadId?: number
  /** Instead of all that. */
  error?: ErrorData
}

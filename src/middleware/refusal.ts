// What a client is told whose query or form cannot be read.
import { ProtocolError } from '../core/protocol-error.js'
import type { RingResponse } from '../ring/contract.js'

/** The answer to a client's fault. @throws the error, where it is none */
export function refusal(error: unknown, status?: number): RingResponse {
  if (!(error instanceof ProtocolError) || error.status === undefined) throw error
  return {
    status: status ?? error.status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: `${error.message}\n`,
  }
}

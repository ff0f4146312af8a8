// A line for each request: when it was answered, who asked for what, the status, and how long it took.
import type { Channel, Handler, RingRequest } from '../ring/contract.js'

/** What a server's own channel knows of its answer. */
interface Answer extends Channel {
  /** 0 where there is none. */
  readonly status: number
  readonly isWhole: boolean
  readonly isRefusal: boolean
}

export interface RequestLog {
  /** The handler, its requests logged. */
  handler: Handler
  /** What a server is to tell its events: those that it refuses before a handler sees them have a line, too. */
  eventLogger(event: string): void
}

/** @param print is given lines, without their ends */
export function logRequests(handler: Handler, print: (line: string) => void): RequestLog {
  const pending = new Set<Answer>()
  return {
    handler(req) {
      const answer = req.asyncChannel as Answer
      pending.add(answer)
      void answer.closed.then(() => {
        pending.delete(answer)
        print(lineOf(req, answer))
      })
      return handler(req)
    },

    eventLogger(event) {
      const status = Number(/\.status\.(\d+)$/.exec(event)?.[1] ?? 404)
      // A 404 is a handler's.
      if (status === 404) return
      const isLogged = Array.from(pending).some((one) => one.isRefusal && one.status === status)
      if (!isLogged) print(`${new Date().toISOString()} - refused ${status}`)
    },
  }
}

function lineOf(req: RingRequest, { status, isWhole }: Answer): string {
  const { remoteAddr, requestMethod, uri, queryString, startTime } = req
  const target = queryString === undefined ? uri : `${uri}?${queryString}`
  const asked = [remoteAddr || '-', requestMethod.toUpperCase(), target].map(visible).join(' ')
  const ms = Math.round(performance.now() - startTime)
  return `${new Date().toISOString()} ${asked} ${status || '-'} ${ms} ms${isWhole ? '' : ' cut'}`
}

// What a client sends must not move a terminal's cursor, nor look like another field or line.
function visible(text: string): string {
  return text.replace(/[^!-~]|\\/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

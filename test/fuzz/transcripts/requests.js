// The requests of a connection as a transcript (http.js), under some limits, and how one is written again.
import { RequestReader } from '../../../build/modules/core/request-reader.js'
import {
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  HEAD_START,
  HOST_END,
  HOST_START,
  METHOD,
  METHOD_END,
  PATH_START,
  PORT,
  QUERY_START,
  TARGET_END,
  TARGET_START,
  VERSION_1_1,
} from '../../../build/modules/core/wasm.js'
import { ourFieldLine, shortFieldLine } from '../relations/messages.js'
import { Transcriber, textOf } from './http.js'

/** The server's own limits. */
export const DEFAULTS = { maxLine: 8192, maxHeaders: 100, maxBody: 8 * 1024 * 1024 }

/** Limits that requests are read under, by the first byte of an input. */
export const requestWays = {
  d: DEFAULTS,
  s: { maxLine: 26, maxHeaders: 3, maxBody: 9 },
  m: { maxLine: 60, maxHeaders: 8, maxBody: 40 },
}

const TARGET_SPANS = [METHOD, HEAD_START, METHOD_END, TARGET_START, TARGET_END, PATH_START, QUERY_START]
const SPANS = [...TARGET_SPANS, HOST_START, HOST_END, PORT]

class RequestTranscriber extends Transcriber {
  constructor(limits) {
    super(new RequestReader(limits), SPANS)
  }

  startOf(headStart) {
    return textOf(headStart, HEAD_START, METHOD_END)
  }

  // As the server says it (src/server/connection.ts).
  closesAfter(flags) {
    return (flags & CONNECTION_CLOSE) !== 0 || (flags & (VERSION_1_1 | CONNECTION_KEEP_ALIVE)) === 0
  }
}

/** @returns the transcript of a connection */
export function readRequests(pieces, limits) {
  return new RequestTranscriber(limits).take(pieces)
}

export function requestWriter(limits) {
  return { startLine: requestLine, fieldLine: limits === DEFAULTS ? ourFieldLine : shortFieldLine }
}

function requestLine({ method, target, version }) {
  return `${method} ${target} HTTP/${version}`
}

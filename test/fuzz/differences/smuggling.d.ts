// What smuggling.js holds, for tests in TypeScript.

export interface Outcome {
  /** What the handler sees, whole: `METHOD host target "body"`. */
  requests: string[]
  /** Of the answers, in their order. */
  statuses: number[]
  /** The rule's code, where the server refuses. */
  refusal?: string
  /** Whether the request behind is served. */
  next: boolean
  /** Of the request that is refused, where its method matters. */
  method?: string
  /** The connection ends although no answer has said so. */
  isSilent?: boolean
  becomes?: 'websocket'
}

export interface Payload {
  name: string
  /** Latin-1. */
  bytes: string
  does: string
  why: string
  /** Bytes of it that are sent before a pause that is longer than the server waits. */
  pauseAt?: number
  expected: Outcome & { held?: Outcome; part?: Outcome }
}

/** What a server answers our client with. */
export interface Answer {
  name: string
  method?: string
  /** Latin-1. */
  bytes: string
  /** Sent when the client has its answer. */
  later?: string
  does: string
  why: string
  expected: { status?: number; body?: string; error?: string; isKept: boolean }
}

/** What a caller asks our client to send. */
export interface Asked {
  name: string
  options: { path?: string }
  does: string
  why: string
  expected: { error?: string; target?: string }
}

export interface Family<One = Payload> {
  family: string
  source: string
  why: string
  payloads: One[]
}

export const families: Family[]
export const answerFamilies: Family<Answer>[]
export const requestFamilies: Family<Asked>[]
export const next: string
/** The request that most payloads hide. */
export const smuggled: string

// What must hold of a head whoever reads it: a connection's reader, the reader of one head for those who bring their own
// bytes (src/core/parse-head.ts), and the core itself under any limit of the head's bytes.
import { resultCodes } from '../../../build/modules/core/protocol-error.js'
import { ERROR_AT, maxFields, u32 } from '../../../build/modules/core/wasm.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'
import { isEqual } from '../transcripts/http.js'

/** Found by the connection's reader once the head has been read, or by limits that one head alone does not have. */
const NOT_THE_HEADS = [
  'EXPECTATION_FAILED',
  'BODY_TOO_LARGE',
  'UNASKED_UPGRADE',
  'TOO_MANY_INTERIM',
  'TOO_MANY_FIELDS',
]

/**
 * The reader of one head agrees with the connection's about the first, and about what comes after the last.
 *
 * @param understanding of a connection that was read under no limits
 * @param isSame of a head and a message whose list of fields is the same
 */
export function checkOneShot(bytes, { messages, refusal, refusedAt }, parse, isSame) {
  const [first] = messages
  if (first !== undefined) demandHead(bytes, first, parse, isSame)
  const last = messages.at(-1)
  if (last !== undefined && (!last.isComplete || last.closes)) return
  const begin = last?.end ?? 0
  const { head, error } = outcome(parse, bytes.subarray(begin))
  if (NOT_THE_HEADS.includes(refusal)) return
  const isRight =
    refusal === undefined
      ? head === undefined && error === undefined
      : error?.code === refusal && begin + error.offset === refusedAt
  if (!isRight)
    throw new Failure('one-shot', `of what comes last, one reader alone says ${error?.code} ${head?.length}`)
}

function demandHead(bytes, message, parse, isSame) {
  const { head, error } = outcome(parse, bytes)
  if (head === undefined) throw new Failure('one-shot', `the reader of one head says ${error?.code}`)
  const fields = head.headersList.flatMap(([name, value]) => [name.toLowerCase(), value])
  const isRight =
    head.length === message.headEnd &&
    head.protocol === `HTTP/${message.version}` &&
    isEqual(fields, message.fields) &&
    isSame(head, message)
  if (!isRight) throw new Failure('one-shot', `the reader of one head finds ${head.length} bytes, ${fields}`)
}

/** Whether a map of fields has all of a list, those that came more than once joined. */
export function isMapOf(headers, fields, join) {
  const values = new Map()
  for (let at = 0; at < fields.length; at += 2) {
    const earlier = values.get(fields[at])
    values.set(fields[at], earlier === undefined ? fields[at + 1] : join(earlier, fields[at + 1], fields[at]))
  }
  const names = Object.keys(headers)
  return names.length === values.size && names.every((name) => isSameValue(headers[name], values.get(name)))
}

function isSameValue(one, other) {
  return Array.isArray(one) && Array.isArray(other) ? isEqual(one, other) : one === other
}

function outcome(parse, bytes) {
  try {
    return { head: parse(bytes), error: undefined }
  } catch (error) {
    if (error.code === undefined) throw error
    return { head: undefined, error }
  }
}

const MAX_LINE = 8192
const UNLIMITED = 64 * 1024
const HEAD_TOO_LARGE = -1 - resultCodes.indexOf('HEAD_TOO_LARGE')

/**
 * A limit of the head's bytes refuses a head that is longer, and does nothing to another. A fault is told rather than the
 * limit only where its line ends within; of one whose line does not, either may be told.
 *
 * @param readHead of the core
 */
export function checkMaxHead(bytes, readHead) {
  const start = place(bytes)
  const end = start + bytes.length
  const result = readHead(start, end, 0, MAX_LINE, maxFields, UNLIMITED)
  const errorAt = u32[ERROR_AT]
  const least = result > 0 ? result : result === 0 ? bytes.length : errorAt
  const most = result < 0 ? lineEnd(bytes, errorAt) : least
  // The two bytes of its line's end are not counted of what is unfinished, or wrong.
  const slack = result > 0 ? 0 : 2
  for (const limit of [most, least - slack - 1, least >> 1, 0]) {
    if (limit < 0) continue
    place(bytes)
    const limited = readHead(start, end, 0, MAX_LINE, maxFields, limit)
    const isSame = limited === result && (result >= 0 || u32[ERROR_AT] === errorAt)
    const isRight = limit >= most ? isSame : limited === HEAD_TOO_LARGE || (limit >= least - slack && isSame)
    if (!isRight)
      throw new Failure('max-head', `${result} without a limit, ${limited} with one of ${limit} bytes`)
  }
}

function lineEnd(bytes, at) {
  return bytes.indexOf(0x0a, at) + 1 || bytes.length
}

// Holds what a client got against what it was sent: its own answer and all of it, or an error that is due, and never what was
// meant for another.
import { isDeepStrictEqual } from 'node:util'
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { toLine } from '../engine/escaped.js'
import { Failure } from '../engine/failure.js'
import { nonceOf } from './client-plan.js'

/** @param exchange as it was drawn @param got { code } or { status, headers, body, trailers } */
export function demandRight(exchange, got) {
  demandOwn(exchange, got)
  if (got.code !== undefined) {
    const allowed = codesOf(exchange)
    if (!allowed.has(got.code)) {
      throw new Failure(
        'error',
        `${got.code} instead of ${[...allowed].join(', ') || 'an answer'}: ${got.message}`,
      )
    }
    return
  }
  if (!mayAnswer(exchange)) throw new Failure('accepted', `${got.status} for what is no answer`)
  demandAnswer(exchange, got)
}

// Whatever has happened: nobody sees what was meant for another.
function demandOwn({ nonce, script }, { body = '' }) {
  const text = Buffer.from(body).toString('latin1')
  const [other, target] = /<(\/s\d+\/r\d+) [\w-]{20}>/.exec(text) ?? [nonce]
  // A change may have made it of its own.
  const isTrue = target !== undefined && other === nonceOf(target)
  if (other !== nonce && isTrue && !script.bytes.includes(other))
    throw new Failure('mixed up', `${nonce} got what ${other} was to get`)
}

function codesOf({ kind, manner, model, script, isSilent, drawn }) {
  const { end, bytes } = script
  const codes = new Set()
  if (manner === 'abort') codes.add('ERR_ABORTED')
  if (manner === 'hurry') codes.add('ERR_DEADLINE')
  if (kind === 'violating' || model.fault) codes.add('ERR_PROTOCOL')
  const isOpen = model.end === undefined && (!model.fault || !model.isCertain)
  const endsWell = model.isUntilClose && end === 'end'
  if (end === 'reset' || (isOpen && end === 'end' && !endsWell)) codes.add('ERR_CONNECTION_CLOSED')
  if (isSilent || (isOpen && end === 'keep')) codes.add('ERR_TIMEOUT_IDLE')
  // It may have met the end of a connection that another answer ended.
  if (!script.mayRepeat && script.attempts === 0) codes.add('ERR_CONNECTION_CLOSED')
  if (model.response && !drawn.bytes.equals(bytes) && codingOf(model.response))
    codes.add('ERR_CONTENT_ENCODING')
  return codes
}

function mayAnswer({ kind, model, script, asked }) {
  // Enough of a stream may have been read before it went wrong.
  const isPart = asked.readsUntil !== undefined && model.response !== undefined
  if (kind === 'violating') return isPart
  return isPart || model.end !== undefined || (model.isUntilClose && script.end !== 'keep')
}

function demandAnswer({ kind, drawn, model, asked }, got) {
  const { status, headers, raw, trailers } = model.response
  if (got.status !== status || !isDeepStrictEqual(got.headers, headers)) {
    const detail = `${status} ${JSON.stringify(headers)} became ${got.status} ${JSON.stringify(got.headers)}`
    throw new Failure('head', detail)
  }
  if (kind === 'right' || (kind === 'surplus' && !model.isUntilClose)) demandAsDrawn(drawn, model.response)
  const isRaw = asked.as === 'rawByteArray'
  const wanted = isRaw ? raw : decoded(model.response)
  const body = Buffer.from(got.body)
  const mayBePart = got.isPart || model.end === undefined
  if (wanted !== undefined && !(mayBePart ? wanted.subarray(0, body.length) : wanted).equals(body)) {
    const detail = `${body.length} bytes instead of ${wanted.length}: ${toLine(body.subarray(0, 500))}`
    throw new Failure('body', detail)
  }
  if (asked.as !== 'stream' && !isDeepStrictEqual(got.trailers, trailers && { ...trailers })) {
    throw new Failure('trailers', `${JSON.stringify(trailers)} became ${JSON.stringify(got.trailers)}`)
  }
}

// What the reader made of a right answer is what was drawn.
function demandAsDrawn(drawn, { status, headers, raw, trailers }) {
  const drawnHeaders = {}
  for (const [given, value] of drawn.fields) {
    const name = given.toLowerCase()
    if (drawnHeaders[name] === undefined) drawnHeaders[name] = value
    else drawnHeaders[name] = [drawnHeaders[name], value].flat()
  }
  const drawnTrailers = drawn.trailers.map(([name, value]) => [name.toLowerCase(), value])
  const isRight =
    status === drawn.status &&
    isDeepStrictEqual(headers, drawnHeaders) &&
    raw.equals(drawn.raw) &&
    isDeepStrictEqual({ ...trailers }, Object.fromEntries(drawnTrailers))
  if (!isRight)
    throw new Failure('reader', `${drawn.status} ${JSON.stringify(drawnHeaders)} is read otherwise`)
}

function codingOf({ headers }) {
  return headers['content-encoding']
}

// Undefined where it takes more than one decoder, or cannot be told.
function decoded(response) {
  const coding = codingOf(response)
  const { raw } = response
  if (coding === undefined || raw.length === 0) return raw
  const decoders = {
    gzip: gunzipSync,
    deflate: raw[0] % 16 === 8 ? inflateSync : inflateRawSync,
    br: brotliDecompressSync,
  }
  try {
    return decoders[coding]?.(raw)
  } catch {
    return undefined
  }
}

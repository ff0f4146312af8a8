// UTF-8 (RFC 3629) validated piece by piece. What the core says of a prefix can be held against itself: while it still has
// hope, the word it keeps names bytes that would end the character it is in, and with them the whole must be UTF-8; once
// it has given up, a decoder that is told more will come must have given up as well.
import { validUtf8 } from '../../../build/modules/core/valid-utf8.js'
import { validateUtf8 } from '../../../build/modules/core/wasm.js'
import { Failure } from '../engine/failure.js'
import { place } from '../engine/placed.js'
import { compareUtf8 } from '../peers/is-utf8.js'

const BETWEEN_CHARACTERS = 0
const NOT_UTF8 = -1

const CONTINUATION = 0x80

export const target = {
  name: 'utf8',
  about: 'UTF-8 and where it may stop (RFC 3629 §4)',
  maxLength: 160,
  dictionary: [
    '\xc2\x80',
    '\xdf\xbf',
    '\xe0\xa0\x80',
    '\xe2\x82\xac',
    '\xed\x9f\xbf',
    '\xee\x80\x80',
    '\xef\xbb\xbf',
    '\xef\xbf\xbf',
    '\xf0\x90\x80\x80',
    '\xf0\x9f\x98\x80',
    '\xf4\x8f\xbf\xbf',
    // None of these is a character: overlong, a surrogate, too large, a lead that is none.
    '\xc0\x80',
    '\xe0\x9f\xbf',
    '\xed\xa0\x80',
    '\xf0\x8f\xbf\xbf',
    '\xf4\x90\x80\x80',
    '\xf5',
    '\xff',
    'aaaaaaaaaaaaaaaa',
  ],
  seeds,
  read,
  work: { perByte: 2, perPiece: 8, fixed: 20 },
  check,
  compare: (bytes, [state]) => compareUtf8(bytes, state === BETWEEN_CHARACTERS),
}

/** The word kept after the last piece: 0 where no character has begun, -1 from the first wrong byte on. */
function read(pieces) {
  let state = BETWEEN_CHARACTERS
  for (let at = 0; at < pieces.length && state !== NOT_UTF8; at++) {
    const piece = pieces[at]
    const start = place(piece)
    state = validateUtf8(state, start, start + piece.length)
  }
  return [state]
}

function check(bytes, [state]) {
  const isValid = state === BETWEEN_CHARACTERS
  if (validUtf8(bytes) !== isValid) throw new Failure('valid-utf8', `validUtf8 says ${!isValid}`)
  if (decodes(bytes, false) !== isValid) throw new Failure('text-decoder', `TextDecoder says ${!isValid}`)
  if (state === NOT_UTF8) checkHopeless(bytes)
  else if (!isValid) checkHopeful(bytes, state)
}

function checkHopeless(bytes) {
  if (decodes(bytes, true)) throw new Failure('given-up', 'TextDecoder would wait for more')
}

// The least and the most bytes that the word allows must both end the character, and those beside them must not.
function checkHopeful(bytes, state) {
  const least = (state >> 8) & 0xff
  const most = (state >> 16) & 0xff
  const ends = decodes(ended(bytes, state, least), false) && decodes(ended(bytes, state, most), false)
  if (!ends) throw new Failure('promise', `no character ends as the word promises: ${state.toString(16)}`)
  const isPast =
    decodes(ended(bytes, state, least - 1), false) || decodes(ended(bytes, state, most + 1), false)
  if (isPast) throw new Failure('promise', `the word's bounds are too narrow: ${state.toString(16)}`)
}

/** The bytes, and as many more as the word says the character lacks. */
function ended(bytes, state, next) {
  const lacks = state & 0xff
  const whole = new Uint8Array(bytes.length + lacks).fill(CONTINUATION)
  whole.set(bytes)
  whole[bytes.length] = next
  return whole
}

function decodes(bytes, hasMore) {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: hasMore })
    return true
  } catch {
    return false
  }
}

// A character of each length at every place around the blocks of sixteen, and text cut short.
function seeds() {
  const kinds = ['\xc3\xa9', '\xe2\x82\xac', '\xf0\x9f\x98\x80', '\xed\xa0\x80', '\xf0\x9f\x98', '\x80']
  const places = [0, 1, 12, 13, 14, 15, 16, 17, 29, 30, 31, 32, 33, 64]
  const alone = kinds.flatMap((kind) => places.map((at) => `${'a'.repeat(at)}${kind}${'b'.repeat(20)}`))
  return ['', 'a', ...alone, ...kinds.map((kind) => kind.repeat(20))]
}

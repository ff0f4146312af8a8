// Node's own judge of UTF-8, simdutf. There is one UTF-8 (RFC 3629), so a disagreement is always a fault: no row explains any.
import { isUtf8 } from 'node:buffer'
import { Failure } from '../engine/failure.js'

/** Throws where the core's verdict is not Node's. */
export function compareUtf8(bytes, isValid) {
  if (isUtf8(bytes) !== isValid) throw new Failure('is-utf8', `isUtf8 says ${!isValid}, the core ${isValid}`)
}

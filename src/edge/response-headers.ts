// The headers of a response map as the platform's, checked as our own server checks them; framing is the platform's alone.
import {
  CONTENT_LENGTH,
  demandMap,
  fieldName,
  fieldValue,
  KEEP_ALIVE,
  statedLength,
} from '../core/field-line.js'
import type { ResponseHeaders } from '../core/response-head.js'
import { demandStatus } from '../core/status.js'
import { fromBytes } from './header-text.js'

/** What a platform makes a head of. */
export interface ResponseHead {
  fields: Headers
  /** Content-Length as the map states it, or -1. */
  stated: number
}

/** A head with its status. Platforms would take 65736 for 200. @throws TypeError for one that is none, or as below */
export function headOf(status: number, headers: ResponseHeaders | undefined): ResponseHead {
  demandStatus(status)
  return headersOf(headers)
}

/** @throws TypeError for a name that is no token, or a control character in a value (RFC 9110 §5.5) */
export function headersOf(headers: ResponseHeaders | undefined): ResponseHead {
  const fields = new Headers()
  let stated = -1
  demandMap(headers)
  for (const name in headers) {
    const value = headers[name]
    if (value === null || value === undefined) continue
    const { kind } = fieldName(name)
    if (kind === CONTENT_LENGTH) stated = statedLength(value)
    if (kind >= CONTENT_LENGTH && kind <= KEEP_ALIVE) continue
    for (const one of typeof value === 'object' ? value : [value]) {
      if (one !== null && one !== undefined) fields.append(name, fromBytes(fieldValue(one)))
    }
  }
  return { fields, stated }
}

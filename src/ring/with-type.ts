import type { ResponseHeaders } from '../core/response-head.js'

/** A response's headers with its body's own type, unless that has none, or they have one. */
export function withType(headers: ResponseHeaders | undefined, type: string): { headers?: ResponseHeaders } {
  for (const name in headers) if (name.toLowerCase() === 'content-type') return { headers }
  if (type !== '') return { headers: { ...headers, 'Content-Type': type } }
  return headers === undefined ? {} : { headers }
}

// Conditional requests (RFC 9110 §13): what a client has already, or would only have of the very file it knows.
import { parseHttpDate } from './http-date.js'

/** What tells one state of a file from another. */
export interface Validators {
  /** Quoted; one that begins with W/ is weak. */
  readonly etag: string
  /** Last-Modified: milliseconds, whole seconds of them. */
  readonly modified: number
}

type Headers = Readonly<Record<string, string>>

/** The status that a GET or HEAD is answered with instead of the file, in the order of §13.2.2. */
export function failedPrecondition(headers: Headers, { etag, modified }: Validators): 304 | 412 | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match === undefined) {
    if (modified > dateIn(headers['if-unmodified-since'])) return 412
  } else if (!names(match, etag, isSame)) {
    return 412
  }
  if (noneMatch !== undefined) return names(noneMatch, etag, isAlike) ? 304 : undefined
  return modified <= dateIn(headers['if-modified-since']) ? 304 : undefined
}

/** Whether Range counts: If-Range, where it is there, names this state of the file (§13.1.5). */
export function isRangeOfThis({ 'if-range': field }: Headers, { etag, modified }: Validators): boolean {
  if (field === undefined || isSame(field, etag)) return true
  return !isWeak(etag) && dateIn(field) === modified
}

function names(list: string, etag: string, compare: (one: string, other: string) => boolean): boolean {
  if (list.trim() === '*') return true
  return (list.match(/(?:W\/)?"[^"]*"/g) ?? []).some((tag) => compare(tag, etag))
}

// The strong comparison and the weak one (§8.8.3.2).
function isSame(tag: string, etag: string): boolean {
  return tag === etag && !isWeak(tag)
}

function isAlike(tag: string, etag: string): boolean {
  return opaque(tag) === opaque(etag)
}

function isWeak(tag: string): boolean {
  return tag.startsWith('W/')
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, '')
}

// NaN, which nothing compares to, where there is none.
function dateIn(field: string | undefined): number {
  return parseHttpDate(field ?? '')
}

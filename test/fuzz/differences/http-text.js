// What the rows look for in a connection's bytes: plain text and short grammars of their own, so that no row takes our
// reader's word for what it has found.
import { isIPv6 } from 'node:net'

/** A message and what follows it: its head's lines, and any line by a position in the connection. */
export class Rest {
  constructor(bytes, begin) {
    this.begin = begin
    this.text = bytes.latin1Slice(begin)
    const start = this.text.startsWith('\r\n') ? 2 : 0
    const end = this.text.indexOf('\r\n\r\n', start)
    this.lines = this.text.slice(start, end < 0 ? undefined : end).split('\r\n')
  }

  get startLine() {
    return this.lines[0]
  }

  get version() {
    return /(?:^| )HTTP\/(\d\.\d)(?: |$)/.exec(this.startLine)?.[1]
  }

  /** Values of a field, blanks around them taken away. */
  valuesOf(name) {
    return this.lines
      .slice(1)
      .filter((line) => line.slice(0, name.length + 1).toLowerCase() === `${name}:`)
      .map((line) => trimmed(line.slice(name.length + 1)))
  }

  /** What comes before a position. */
  textBefore(position) {
    return this.text.slice(0, position - this.begin)
  }

  /** Field-lines that stand one after another before a position, at which a line begins. */
  fieldsBefore(position) {
    const lines = this.textBefore(position).split('\r\n').slice(0, -1)
    return lines.length - 1 - lines.findLastIndex((line) => !line.includes(':'))
  }

  /** Bytes of all chunks that have begun, where the body is chunked. */
  get chunkedLength() {
    let at = this.text.indexOf('\r\n\r\n', 2) + 4
    let length = 0
    for (;;) {
      const [line, digits = '0'] = /^([\dA-Fa-f]+)[^\n]*\n/.exec(this.text.slice(at)) ?? []
      const size = Number.parseInt(digits, 16)
      if (size === 0) break
      length += size
      at += line.length + size + 2
    }
    return length
  }

  /** The line of the connection's bytes that a position is in, without its end. */
  lineAt(position) {
    const at = position - this.begin
    const start = this.text.lastIndexOf('\n', at - 1) + 1
    const end = this.text.indexOf('\r\n', start)
    return this.text.slice(start, end < 0 ? undefined : end)
  }
}

function trimmed(text) {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

/** uri-host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2.2), with a host of a character at least. */
export function isAuthority(text) {
  const [, literal, name, port = '0'] =
    /^(?:\[([^\]]*)\]|((?:[\w.~!$&'()*+,;=-]|%[\dA-Fa-f]{2})+))(?::(\d*))?$/.exec(text) ?? []
  if (literal === undefined && name === undefined) return false
  if (Number(port) > 65535) return false
  return literal === undefined || isAddress(literal)
}

function isAddress(literal) {
  return (isIPv6(literal) && !literal.includes('%')) || /^v[\dA-Fa-f]+\.[\w.~!$&'()*+,;=:-]+$/i.test(literal)
}

/** request-target (RFC 9112 §3.2); of absolute-forms those with http and https. */
export function isTarget(method, target) {
  if (!/^[!"$-~]+$/.test(target)) return false
  if (method === 'CONNECT') return isAuthority(target) && /:0*[1-9]\d*$/.test(target)
  if (target === '*') return method === 'OPTIONS'
  const [, authority] = /^https?:\/\/([^/?]*)/i.exec(target) ?? []
  return target.startsWith('/') || (authority !== undefined && isAuthority(authority))
}

const blanks = '[ \\t]*'
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const quoted = '"(?:[\\t !#-\\[\\]-~\\x80-\\xff]|\\\\[\\t -~\\x80-\\xff])*"'
const extension = `${blanks};${blanks}${token}(?:${blanks}=${blanks}(?:${token}|${quoted}))?`
const chunkLine = new RegExp(`^[0-9A-Fa-f]+(?:${extension})*$`)

/** chunk-size [ chunk-ext ] (RFC 9112 §7.1). */
export function isChunkLine(line) {
  return chunkLine.test(line)
}

const CHUNK_LINE_ENDS = ['', '0', ';a', '=a', 'a', '"', 'a"']

/** Whether a chunk-line may begin so. */
export function beginsChunkLine(text) {
  return text === '' || CHUNK_LINE_ENDS.some((end) => isChunkLine(text + end))
}

/** The elements of a list (RFC 9110 §5.6.1.2), in lower case. */
export function elementsOf(values) {
  const elements = values
    .flatMap((value) => value.split(','))
    .map((element) => trimmed(element).toLowerCase())
  return elements.filter((element) => element !== '')
}

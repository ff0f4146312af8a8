// Where the parts of a body lie, found the plain way: by searching text, as the grammar says (RFC 2046 §5.1.1). It tells what
// stands there, and judges nothing.

const PADDING = /[ \t]*/y

/**
 * @typedef {object} Span of a part; places count in the body
 * @property {string} padding behind its boundary, which begins at `paddingAt`
 * @property {string} head its lines, without the empty one
 * @property {string} data from `dataStart` on
 * @property {boolean} isOpen no empty line ends the head
 * @property {boolean} isShared the line end of the empty line is the next delimiter's, too
 */

/**
 * @param body a Latin-1 string
 * @returns `{ parts, end, isBroken }`: the end is where the epilogue begins, or undefined where there is no last boundary;
 * broken is a body in which something else stands behind a boundary
 */
export function spansIn(body, boundary) {
  const text = `\r\n${body}`
  const delimiter = `\r\n--${boundary}`
  const parts = []
  let at = text.indexOf(delimiter)
  while (at >= 0) {
    at += delimiter.length
    if (text.startsWith('--', at)) return { parts, end: at, isBroken: false }
    const padding = paddingAt(text, at)
    const headStart = at + padding.length + 2
    if (!text.startsWith('\r\n', headStart - 2)) return { parts, end: undefined, isBroken: true }
    const dataStart = dataStartOf(text, headStart)
    // The line end of the empty line may be the delimiter's.
    const next = text.indexOf(delimiter, dataStart - 2)
    const head = text.slice(headStart, dataStart - 2)
    const data = text.slice(dataStart, next < 0 ? undefined : Math.max(next, dataStart))
    const isShared = next >= 0 && next < dataStart
    parts.push({
      padding,
      paddingAt: at - 2,
      head,
      data,
      dataStart: dataStart - 2,
      isOpen: dataStart > text.length,
      isShared,
    })
    at = next
  }
  return { parts, end: undefined, isBroken: false }
}

/** The same body without what others stumble over: padding, line ends that are shared, and an epilogue. */
export function plainBody(body, { parts, end }) {
  let plain = ''
  let at = 0
  for (const { padding, paddingAt, dataStart, isShared } of parts) {
    plain += `${body.slice(at, paddingAt)}${body.slice(paddingAt + padding.length, dataStart)}${isShared ? '\r\n' : ''}`
    at = dataStart
  }
  return plain + body.slice(at, end)
}

function paddingAt(text, at) {
  PADDING.lastIndex = at
  return PADDING.exec(text)[0]
}

// A head that no empty line ends takes all there is.
function dataStartOf(text, headStart) {
  if (text.startsWith('\r\n', headStart)) return headStart + 2
  const end = text.indexOf('\r\n\r\n', headStart)
  return end < 0 ? text.length + 2 : end + 4
}

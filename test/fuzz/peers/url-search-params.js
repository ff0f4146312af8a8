// The platform's URLSearchParams. It takes text, and what lies beyond ASCII may be no text at all: such bytes are given to it
// as escapes, which mean the same. So are those that are UTF-8, as Node 20 reads one byte of such a character where an escape
// that is no UTF-8 stands beside it.

const BEYOND_ASCII = /[\x80-\xff]/g

/** Names and values in turn. */
export function readPairs(bytes) {
  const texts = []
  for (const [name, value] of new URLSearchParams(`?${asAscii(bytes.latin1Slice())}`)) texts.push(name, value)
  return texts
}

/** Names and values, which come in turn, written. */
export function writePairs(texts) {
  const params = new URLSearchParams()
  for (let at = 0; at < texts.length; at += 2) params.append(texts[at], texts[at + 1])
  return params.toString()
}

function asAscii(binary) {
  return binary.replace(BEYOND_ASCII, (character) => `%${character.charCodeAt(0).toString(16)}`)
}

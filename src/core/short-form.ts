// application/x-www-form-urlencoded, written without the core: for the short maps that most query strings are made of, to
// bring the core their text would take longer than to encode it.

/** A byte's escape, or what stands for it unescaped. */
const coded: string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte)
  if (/[*\-.0-9A-Z_a-z]/.test(character)) return character
  return byte === 0x20 ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
})
const isPlain = Uint8Array.from(coded, (text, byte) =>
  Number(text === String.fromCharCode(byte) && byte < 128),
)

/** Encodes a text. */
export function encodeShort(text: string): string {
  let encoded = ''
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (isPlain[unit] === 1) continue
    if (at > start) encoded += text.substring(start, at)
    if (unit < 0x80) encoded += coded[unit]
    else {
      const point = text.codePointAt(at)!
      encoded += encodePoint(point)
      if (point > 0xffff) at++
    }
    start = at + 1
  }
  return start === 0 ? text : encoded + text.substring(start)
}

// UTF-8 (RFC 3629 §3); half a character is U+FFFD.
function encodePoint(point: number): string {
  if (point < 0x800) return coded[0xc0 | (point >> 6)]! + last(point)
  if (point > 0xffff) {
    return coded[0xf0 | (point >> 18)]! + coded[0x80 | ((point >> 12) & 63)]! + lastTwo(point)
  }
  if (point >= 0xd800 && point <= 0xdfff) return '%EF%BF%BD'
  return coded[0xe0 | (point >> 12)]! + lastTwo(point)
}

function lastTwo(point: number): string {
  return coded[0x80 | ((point >> 6) & 63)]! + last(point)
}

function last(point: number): string {
  return coded[0x80 | (point & 63)]!
}

// Bytes as people write them: text with escapes, or hexadecimal. Either can be written of any bytes, and read again.

const escapes = { r: 13, n: 10, t: 9, 0: 0, '\\': 92 }
const names = new Map(Object.entries(escapes).map(([letter, byte]) => [byte, `\\${letter}`]))

/**
 * Text is UTF-8, with \r \n \t \0 \\ and \xHH. A line break that was typed is there for the eye, and no byte.
 *
 * @throws SyntaxError
 */
export function bytesOfText(text) {
  const bytes = []
  for (const [all, hex, letter, typed] of text.matchAll(/\\x([\da-f]{2})|\\([\s\S])|\r?\n|([^\\]|\\$)/giu)) {
    if (hex) bytes.push(Number.parseInt(hex, 16))
    else if (letter in escapes) bytes.push(escapes[letter])
    else if (typed) bytes.push(...new TextEncoder().encode(typed))
    else if (letter)
      throw new SyntaxError(`${all} is no escape. There are \\r \\n \\t \\0 \\\\ and \\x00 to \\xff.`)
  }
  return Uint8Array.from(bytes)
}

/** Lines end where theirs do. */
export function textOfBytes(bytes) {
  let text = ''
  for (const byte of bytes) {
    if (names.has(byte)) text += names.get(byte)
    else if (byte > 31 && byte < 127) text += String.fromCharCode(byte)
    else text += `\\x${hexOf(byte)}`
    if (byte === 10) text += '\n'
  }
  return text
}

/** White space is no byte, wherever it is. @throws SyntaxError */
export function bytesOfHex(text) {
  const digits = text.replace(/\s/g, '')
  const stray = /[^\da-f]/i.exec(digits)
  if (stray) throw new SyntaxError(`${stray[0]} is no hexadecimal digit.`)
  if (digits.length % 2) throw new SyntaxError('Half a byte: each has two digits.')
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export const textOfHex = (bytes) => Array.from(bytes, hexOf).join(' ')

export const hexOf = (byte) => byte.toString(16).padStart(2, '0')

/** A byte as its character, or its short escape; nothing for the others. */
export const pictureOf = (byte) =>
  names.get(byte) ?? (byte > 32 && byte < 127 ? String.fromCharCode(byte) : '\u00a0')

export const latin1 = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')

/** What is text as text, the rest in hexadecimal. */
export function shown(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return textOfHex(bytes)
  }
}

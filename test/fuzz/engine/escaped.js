// Bytes as a line of text and back: what cannot be seen is escaped, as in test/corpus.

const names = { 0: '\\0', 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' }
const values = { 0: 0x00, t: 0x09, n: 0x0a, r: 0x0d, '\\': 0x5c }

export function toLine(bytes) {
  return Array.from(bytes, escapeByte).join('')
}

function escapeByte(byte, index) {
  if (names[byte]) return names[byte]
  // '#' begins a comment.
  if (byte >= 0x20 && byte < 0x7f && !(index === 0 && byte === 0x23)) return String.fromCharCode(byte)
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

export function fromLine(line) {
  const text = line.replace(/\\(?:x([0-9a-f]{2})|(.?))/g, (written, hex, letter) => {
    const byte = hex ? Number.parseInt(hex, 16) : values[letter]
    if (byte === undefined) throw new Error(`an unknown escape '${written}'`)
    return String.fromCharCode(byte)
  })
  return Buffer.from(text, 'latin1')
}

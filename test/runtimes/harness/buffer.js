// Buffer for tests where the runtime has none: the package of that name, with UTF-8 by the platform, which is faster and reads
// halves of surrogate pairs as Node does, and parts of any bounds.

import { Buffer } from 'buffer/'

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const isUtf8 = (encoding) => encoding === undefined || /^utf-?8$/i.test(encoding)
const { from, byteLength } = Buffer
const { toString: inEncoding } = Buffer.prototype

Buffer.from = (value, encoding, length) =>
  typeof value === 'string' && isUtf8(encoding)
    ? asBuffer(encoder.encode(value))
    : from(value, encoding, length)

Buffer.byteLength = (value, encoding) =>
  typeof value === 'string' && isUtf8(encoding) ? encoder.encode(value).length : byteLength(value, encoding)

Buffer.prototype.toString = function (encoding, start = 0, end = this.length) {
  return isUtf8(encoding)
    ? decoder.decode(this.subarray(start, end))
    : inEncoding.call(this, encoding, start, end)
}

Buffer.prototype.slice = function (start, end) {
  return this.subarray(start, end)
}

Buffer.prototype.subarray = function (start, end) {
  return asBuffer(Uint8Array.prototype.subarray.call(asBytes(this), start, end))
}

const asBuffer = (bytes) => Object.setPrototypeOf(bytes, Buffer.prototype)
const asBytes = ({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length)

export { Buffer }

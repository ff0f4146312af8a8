// A response's head that comes bit by bit, at most 64 KiB of it.
import { GrowingBytes } from '../core/growing-bytes.js'
import { parseResponseHead, type ResponseHead } from '../core/parse-head.js'
import { HttpKitError } from './error.js'

const MAX_HEAD = 64 * 1024
const LF = 0x0a

export class HeadCollector {
  private readonly bytes = new GrowingBytes()

  /**
   * @returns the head once it is whole, and how many of the last bytes are not part of it; interim ones (1xx) are read past,
   * but for 101
   * @throws HttpKitError ERR_PROTOCOL
   */
  push(bytes: Uint8Array): { head: ResponseHead; rest: number } | undefined {
    this.bytes.append(bytes)
    if (!bytes.includes(LF)) return this.limited()
    for (let at = 0; ; ) {
      const head = this.parse(this.bytes.bytes.subarray(at))
      if (head === undefined) return this.limited()
      at += head.length
      if (head.status >= 200 || head.status === 101) return { head, rest: this.bytes.length - at }
    }
  }

  private parse(bytes: Uint8Array): ResponseHead | undefined {
    try {
      return parseResponseHead(bytes)
    } catch (cause) {
      throw new HttpKitError('ERR_PROTOCOL', `malformed response: ${(cause as Error).message}`, { cause })
    }
  }

  private limited(): undefined {
    if (this.bytes.length > MAX_HEAD) throw new HttpKitError('ERR_PROTOCOL', 'the head is too large')
    return undefined
  }
}

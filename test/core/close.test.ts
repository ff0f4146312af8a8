// What a close frame says (RFC 6455 §5.5.1, §7.4): the payload that is sent, and that the host judges codes as the core.
import { describe, expect, it } from 'vitest'
import { closePayload, closeStatus } from '../../src/core/close.js'
import { encodeFrame, FrameDecoder } from '../../src/core.js'
import { isSendable, lineOf, push } from '../support/reference-frames.js'

describe('the payload of a close frame', () => {
  it('takes the codes that may be sent, all of them and no others, and comes back', () => {
    const wrong: number[] = []
    for (let code = -1; code <= 0x1_0000; code++) {
      const isTaken = codeIsTaken(code)
      if (isTaken !== isSendable(code)) wrong.push(code)
      if (!isTaken) continue
      const frame = encodeFrame({ opcode: 8, payload: closePayload(code, 'é') })
      if (push(new FrameDecoder({ role: 'client' }), frame)[0]?.startsWith('close fin ') !== true)
        wrong.push(code)
    }
    expect(wrong).toEqual([])
  })

  function codeIsTaken(code: number): boolean {
    try {
      closePayload(code, '')
      return true
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError)
      return false
    }
  }

  it.each([1000.5, Number.NaN, Number.POSITIVE_INFINITY, '1000' as unknown as number])(
    'does not take %s',
    (code) => {
      expect(() => closePayload(code, '')).toThrow(RangeError)
    },
  )

  it('is the code in two bytes, and the reason in UTF-8', () => {
    expect(Buffer.from(closePayload(1000, '')).toString('hex')).toBe('03e8')
    expect(Buffer.from(closePayload(4999, 'é€')).toString('hex')).toBe('1387c3a9e282ac')
  })

  it.each(['.', 'é', '€', '😀'])(
    'has room for a reason of 123 bytes, of %s, and for none of 124',
    (character) => {
      const size = Buffer.byteLength(character)
      const longest = character.repeat(Math.floor(123 / size)) + '.'.repeat(123 % size)
      const payload = closePayload(1000, longest)
      const [frame] = new FrameDecoder({ role: 'client' }).push(encodeFrame({ opcode: 8, payload }))
      expect(lineOf(frame!)).toBe(`close fin 03e8${Buffer.from(longest).toString('hex')}`)
      expect(() => closePayload(1000, `${longest}.`)).toThrow(RangeError)
    },
  )
})

describe('a close code', () => {
  it.each([
    [1000, 'normal'],
    [1001, 'going-away'],
    [1002, 'protocol-error'],
    [1003, 'unsupported'],
    [1005, 'no-status-received'],
    [1006, 'abnormal'],
    [1007, 'invalid-payload-data'],
    [1008, 'policy-violation'],
    [1009, 'message-too-big'],
    [1010, 'mandatory-extension'],
    [1011, 'internal-server-error'],
    [1015, 'tls-handshake'],
    [1004, 'unknown'],
    [1012, 'unknown'],
    [3000, 'unknown'],
    [4999, 'unknown'],
  ])('of %i is %s to http-kit', (code, status) => {
    expect(closeStatus(code)).toBe(status)
  })
})

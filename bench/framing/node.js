// What Node itself has.

import { isUtf8 } from 'node:buffer'

export const utf8 = {
  isUtf8({ payloads: [text] }) {
    const repeat = (times) => {
      for (let i = 0; i < times; i++) if (!isUtf8(text)) throw new Error('isUtf8 refuses the text')
    }
    return { repeat, verify: () => repeat(1) }
  },
}

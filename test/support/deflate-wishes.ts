// What either end of a WebSocket may wish for where permessage-deflate is agreed on (RFC 7692 §7.1).
import type { DeflateWishes } from '../../src/core/permessage-deflate.js'

const bits = [undefined, 9, 10, 12, 15]
const either = [undefined, true]

function* allWishes(): Generator<DeflateWishes> {
  for (const serverNoContextTakeover of either) {
    for (const clientNoContextTakeover of either) {
      for (const serverMaxWindowBits of bits) {
        for (const clientMaxWindowBits of bits) {
          const wishes = {
            serverNoContextTakeover,
            clientNoContextTakeover,
            serverMaxWindowBits,
            clientMaxWindowBits,
          }
          yield JSON.parse(JSON.stringify(wishes)) as DeflateWishes
        }
      }
    }
  }
}

/** Every mixture of what an end may wish for. */
export const wishesOfAll = [...allWishes()]

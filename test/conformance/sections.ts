// All sections of the list whose cases are scripts; sizes.ts and compression.ts have their own rows.
import { closing } from './closing.js'
import { fragmentation } from './fragmentation.js'
import { framing } from './framing.js'
import { opcodes } from './opcodes.js'
import { pingsAndPongs } from './pings-and-pongs.js'
import { reservedBits } from './reserved-bits.js'
import type { Case } from './script.js'
import { utf8 } from './utf8.js'

export const sections: [name: string, cases: Case[]][] = [
  ['framing', framing],
  ['pings and pongs', pingsAndPongs],
  ['reserved bits', reservedBits],
  ['opcodes', opcodes],
  ['fragmentation', fragmentation],
  ['UTF-8', utf8],
  ['closing', closing],
]

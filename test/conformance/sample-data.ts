// What sections 12 and 13 compress: the kinds of data of the list, of about its sizes, made here and always the same:
// JSON, a grey picture, prose, HTML, and a file that is compressed already. Texts have letters of two and three bytes.
import { deflateSync } from 'node:zlib'

export type SampleKind = 'json' | 'picture' | 'prose' | 'html' | 'compressed file'

const made = new Map<SampleKind, string | Buffer>()

/** Strings are sent as text, bytes as binary messages. */
export function sampleData(kind: SampleKind): string | Buffer {
  const data = made.get(kind) ?? makers[kind]()
  made.set(kind, data)
  return data
}

const makers: Record<SampleKind, () => string | Buffer> = {
  json,
  picture,
  prose,
  html,
  'compressed file': compressedFile,
}

type Random = (below: number) => number

/** Marsaglia's xorshift32. */
function seeded(seed: number): Random {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

const syllables = [
  'ka',
  'lö',
  'mi',
  'ten',
  'ß',
  'ru',
  'an',
  'sche',
  'ge',
  'bo',
  'über',
  'nd',
  'e',
  'wal',
  '–',
  'tür',
]

function word(random: Random): string {
  return Array.from({ length: 1 + random(4) }, () => syllables[random(syllables.length)]).join('')
}

function sentence(random: Random): string {
  return `${Array.from({ length: 4 + random(12) }, () => word(random)).join(' ')}. `
}

function repeatTo(length: number, make: () => string): string {
  const parts: string[] = []
  for (let made = 0; made < length; made += parts.at(-1)!.length) parts.push(make())
  return parts.join('').slice(0, length)
}

function json(): string {
  const random = seeded(1)
  return repeatTo(190_000, () =>
    JSON.stringify({
      id: random(1e6),
      name: word(random),
      tags: [word(random), word(random)],
      at: random(1e9) / 7,
    }),
  )
}

function html(): string {
  const random = seeded(2)
  return repeatTo(
    250_000,
    () => `<p class="${word(random)}"><a href="/${random(1000)}">${sentence(random)}</a></p>\n`,
  )
}

function prose(): Buffer {
  const random = seeded(3)
  return Buffer.from(repeatTo(200_000, () => sentence(random)))
}

/** Smooth in both directions, with a little noise. */
function picture(): Buffer {
  const random = seeded(4)
  const width = 512
  const grey = (x: number, y: number) => 128 + 60 * Math.sin(x / 40) + 50 * Math.cos(y / 25) + random(5)
  return Buffer.from(
    Array.from({ length: width * width }, (_, index) => grey(index % width, Math.floor(index / width))),
  )
}

function compressedFile(): Buffer {
  const random = seeded(5)
  return deflateSync(Buffer.from(Array.from({ length: 1_000_000 }, () => random(200))))
}

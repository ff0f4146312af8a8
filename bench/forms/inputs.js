// What every form codec is fed. Queries come in sixteen variants, the same names and lengths with other values, so that
// nobody meets one text again and again; form-data is laid out here by hand, so that no library under test writes what
// another has to read.

const variants = Array.from({ length: 16 }, (_, n) => n)

/** Values as encodeURIComponent escapes them, and as a browser writes them into the address of a form. */
const asUri = encodeURIComponent
const asForm = (text) => encodeURIComponent(text).replaceAll('%20', '+')

const filters = (n) => ({
  q: 'coffee & cake, near me',
  page: `${n}`,
  per_page: '50',
  sort: '-price,name',
  lang: 'en-GB',
  currency: '€',
  brand: 'Müller & Söhne',
  category: 'kitchen/coffee makers',
  colour: 'black',
  tag: ['new', 'on sale', '50% off'],
  price_from: `${n}9.99`,
  price_to: '249.00',
  rating: '4+',
  city: 'Zürich',
  street: 'Bahnhofstraße 12',
  country: '日本',
  radius: '10 km',
  from: `2026-11-22T09:${n + 10}:00+01:00`,
  until: '2026-11-30T18:00:00+01:00',
  return_to: `https://example.com/items?page=${n}&view=grid`,
  referrer: 'https://www.example.org/search?q=coffee',
  utm_source: 'newsletter',
  utm_medium: 'email',
  utm_campaign: 'autumn "sale" 2026',
  größe: 'M/L',
  session: '4f9d1c2ab7e84f0c9d3e',
  theme: 'dark',
  debug: '',
})

/** Maps, and the text that each is read from. */
export const queryInputs = {
  short: query(asForm, (n) => ({ page: `${n}`, sort: 'name', q: 'tea' })),
  '5 pairs, UTF-8 escapes': query(asForm, (n) => ({
    name: 'Jürgen Groß',
    city: 'São Paulo',
    country: '日本',
    comment: 'καλημέρα 👋',
    number: `${1000 + n}`,
  })),
  '30 pairs with escapes': query(asUri, filters),
  'search words': query(asForm, (n) => ({
    q: `how to brew green tea at ${70 + n} degrees`,
    hl: 'en',
    source: 'web',
    num: '20',
  })),
}

function query(write, mapOf) {
  const maps = variants.map(mapOf).map(flatValues)
  return { maps, texts: maps.map((map) => textOf(map, write)) }
}

// In place, for the map to stay of the kind that a literal is.
function flatValues(map) {
  for (const [name, values] of Object.entries(map)) {
    map[name] = Array.isArray(values) ? values.map(inOnePiece) : inOnePiece(values)
  }
  return map
}

function textOf(map, write) {
  const pairs = pairsOf(map).map(([name, value]) => `${write(name)}=${write(value)}`)
  return inOnePiece(pairs.join('&'))
}

// The engine keeps what was put together from pieces as pieces; through bytes it becomes one, as it comes from a socket.
function inOnePiece(text) {
  return Buffer.from(text).toString()
}

/** A name with several values is several pairs. */
export function pairsOf(map) {
  return Object.entries(map).flatMap(([name, values]) => [values].flat().map((value) => [name, value]))
}

/** The boundary of Chrome's kind. */
export const boundary = '----WebKitFormBoundary7MA4YWxkTrZu0gW0'
export const contentType = `multipart/form-data; boundary=${boundary}`

export const smallFields = Array.from({ length: 100 }, (_, n) => [`field${n}`, `value ${n} of a form`])

const fieldsBody = Buffer.from(
  `${smallFields.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--${boundary}--\r\n`,
)

/** Bodies of a hundred fields: a Buffer, or an async iterable; each is made anew for every reading. */
export const fieldsInputs = {
  'in one piece': { makeBody: () => fieldsBody },
  'in pieces of 4 KiB': { makeBody: () => oneByOne(cut(fieldsBody, 4096)) },
}

const pieceSize = 64 * 1024
const pieceCount = 4096

/** Bodies of one file of 256 MiB, an async iterable of pieces of 64 KiB (the first and the last are a little longer). */
export const fileInputs = {
  'random bytes': fileBody(randomBytes(pieceSize)),
  'text, CRLF lines': fileBody(textLines(pieceSize)),
}

// The file is one piece, over and over.
function fileBody(piece) {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n`
  const pieces = new Array(pieceCount).fill(piece)
  pieces[0] = Buffer.concat([Buffer.from(head), piece])
  pieces[pieceCount - 1] = Buffer.concat([piece, Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { piece, size: pieceCount * pieceSize, makeBody: () => oneByOne(pieces) }
}

async function* oneByOne(pieces) {
  for (const piece of pieces) yield piece
}

function cut(bytes, size) {
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => n * size)
  return starts.map((start) => Buffer.from(bytes.subarray(start, start + size)))
}

// As a photograph or an archive is: every byte as likely as any other (xorshift32).
function randomBytes(size) {
  let state = 2463534242
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 255
  }
  return Buffer.from(Array.from({ length: size }, next))
}

// Each line ends as the line before a boundary does.
function textLines(size) {
  const line = (_, n) =>
    `${n},2026-11-22,"a quick brown fox jumps over the lazy dog",${(n * 7) % 1000}.50\r\n`
  return Buffer.from(Array.from({ length: size / 50 }, line).join('')).subarray(0, size)
}

/** Forms to be written: a hundred fields, and a file in memory after three fields. */
export const formInputs = {
  '100 fields': { fields: smallFields },
  '3 fields and 16 MiB': {
    fields: smallFields.slice(0, 3),
    file: {
      name: 'photo',
      filename: 'photo.jpg',
      type: 'image/jpeg',
      bytes: Buffer.concat(new Array(256).fill(randomBytes(pieceSize))),
    },
  },
}

// The words that nearly every head is made of: methods and field names. A word that the core knows comes back as its
// number here, so the host has a ready string for it, and the core's own checks compare numbers. The host reads the
// words from this very table, in this order.
//
// The list stands once, as text; the hash table is filled from it when the module is instantiated.

const METHODS =
  'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH LOCK UNLOCK REPORT ACL MOVE COPY MKCOL LIST'

// Fields that a trailer may not be: framing, routing, authentication, request modifiers, content (RFC 9110 §6.5.1).
const HEAD_ONLY_FIELDS =
  'host connection content-length transfer-encoding expect upgrade te trailer keep-alive authorization proxy-authorization cookie set-cookie content-encoding content-type content-range max-forwards cache-control range'

const OTHER_FIELDS =
  'accept accept-charset accept-encoding accept-language accept-ranges access-control-allow-origin access-control-request-headers access-control-request-method age allow content-disposition content-language content-location date dnt etag expires forwarded from if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link location origin pragma priority proxy-authenticate proxy-connection referer retry-after sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-websocket-accept sec-websocket-extensions sec-websocket-key sec-websocket-protocol sec-websocket-version server strict-transport-security traceparent upgrade-insecure-requests user-agent vary via www-authenticate x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-proto x-real-ip x-request-id x-requested-with'

// Numbers of the words that the core itself acts on.
export const GET: u32 = 1
export const CONNECT: u32 = 6
export const OPTIONS: u32 = 7
export const HOST: u32 = 20
export const CONNECTION: u32 = 21
export const CONTENT_LENGTH: u32 = 22
export const TRANSFER_ENCODING: u32 = 23
export const EXPECT: u32 = 24
export const UPGRADE: u32 = 25
export const CONTENT_TYPE: u32 = 34
export const CONTENT_DISPOSITION: u32 = 49
export const LAST_HEAD_ONLY_FIELD: u32 = 38

/** Each word's text, padded with zeros to this many bytes; word 0 is empty. */
export const WORD_SIZE: u32 = 32
const MAX_WORDS: u32 = 128
const SLOTS: u32 = 512
const CASE_BIT: u8 = 0x20

export const WORDS: usize = memory.data(MAX_WORDS * WORD_SIZE, 16)
// Which bits of a text must be the word's: all of a method's; of a field name all but the case of its letters; none past
// its end.
const MASKS: usize = memory.data(MAX_WORDS * WORD_SIZE, 16)
const LENGTHS: usize = memory.data(MAX_WORDS)
const SLOT_TABLE: usize = memory.data(SLOTS)

// Letters count the same in both cases. Tried on the list above: two collisions in 512 slots.
function slotOf(word: usize, length: u32): u32 {
  const first: u32 = load<u8>(word) | 0x20
  const middle: u32 = load<u8>(word + (length >> 1)) | 0x20
  const last: u32 = load<u8>(word + length - 1) | 0x20
  return (length * 123 + first * 124 + middle * 224 + last) & (SLOTS - 1)
}

function addWord(id: u32, length: u32): void {
  let slot = slotOf(WORDS + id * WORD_SIZE, length)
  while (load<u8>(SLOT_TABLE + slot)) slot = (slot + 1) & (SLOTS - 1)
  store<u8>(SLOT_TABLE + slot, <u8>id)
  store<u8>(LENGTHS + id, <u8>length)
}

function addWords(list: string, firstId: u32): u32 {
  let id = firstId
  let length: u32 = 0
  for (let i = 0; i <= list.length; i++) {
    if (i < list.length && list.charCodeAt(i) != 0x20) {
      const byte = <u8>list.charCodeAt(i)
      const at = id * WORD_SIZE + length++
      store<u8>(WORDS + at, byte)
      store<u8>(MASKS + at, <u8>(byte - 0x61) < 26 ? ~CASE_BIT : 0xff)
    } else {
      addWord(id++, length)
      length = 0
    }
  }
  return id
}

/** One more than the last word's number. */
export const WORD_COUNT: u32 = addWords(OTHER_FIELDS, addWords(HEAD_ONLY_FIELDS, addWords(METHODS, GET)))

/** The number of the method of `length` bytes at `text`, or 0. Reads 32 bytes; case counts (RFC 9110 §9.1). */
export function methodAt(text: usize, length: u32): u32 {
  const word = wordAt(text, length)
  return word < HOST ? word : 0
}

/** The number of the field name of `length` bytes at `text`, or 0. Reads 32 bytes; case does not count (§5.1). */
export function fieldNameAt(text: usize, length: u32): u32 {
  const word = wordAt(text, length)
  return word < HOST ? 0 : word
}

function wordAt(text: usize, length: u32): u32 {
  if (length - 1 >= WORD_SIZE) return 0
  let slot = slotOf(text, length)
  let id: u32 = load<u8>(SLOT_TABLE + slot)
  while (id != 0 && !isWord(id, text, length)) {
    slot = (slot + 1) & (SLOTS - 1)
    id = load<u8>(SLOT_TABLE + slot)
  }
  return id
}

function isWord(id: u32, text: usize, length: u32): bool {
  if (load<u8>(LENGTHS + id) != length) return false
  const word = id * WORD_SIZE
  return isSame(text, word) && (length <= 16 || isSame(text + 16, word + 16))
}

function isSame(text: usize, word: u32): bool {
  const difference = v128.xor(v128.load(text), v128.load(WORDS + word))
  return !v128.any_true(v128.and(difference, v128.load(MASKS + word)))
}

// The ABI: what the host can call and where the regions lie.

export { CHUNKS_DONE, CHUNKS_TRAILERS, readChunks } from './http/chunked'
export { readRequestHead } from './http/head'
export {
  ABSOLUTE_TARGET,
  CHUNK_RECORD,
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  DESK,
  DESK_SIZE,
  EXPECT_CONTINUE,
  EXPECT_OTHER,
  FIELD_RECORDS,
  GAP_SIZE,
  HAS_CONTENT_LENGTH,
  HAS_TRANSFER_ENCODING,
  IN_TRAILERS,
  INBOX,
  MAX_FIELDS,
  RECORD,
  STARTED,
  UPGRADE_WEBSOCKET,
  VERSION_1_1,
  WINDOW_SIZE,
} from './memory'
export { WORD_COUNT, WORD_SIZE, WORDS } from './words'

// The ABI: what the host can call and where the regions lie.

export { IN_EPILOGUE, IN_PART_HEAD, IN_PREAMBLE, readMultipart } from './form/multipart'
export { QUERY_GAP, readQuery, writeQuery } from './form/query'
export { CHUNKS_DONE, CHUNKS_TRAILERS, readChunks } from './http/chunked'
export { readRequestHead, readResponseHead } from './http/head'
export {
  ABSOLUTE_TARGET,
  ALLOWS_DEFLATE,
  CHUNK_RECORD,
  CONNECTION_CLOSE,
  CONNECTION_KEEP_ALIVE,
  CONNECTION_UPGRADE,
  DELIMITER,
  DESK_FRAMES,
  EXPECT_CONTINUE,
  EXPECT_OTHER,
  EXPECTS_MASK,
  FIELD_RECORDS,
  FILENAME_CODED,
  FILENAME_EXTENDED,
  HAS_CLOSED,
  HAS_CONTENT_LENGTH,
  HAS_FILENAME,
  HAS_NAME,
  HAS_TRANSFER_ENCODING,
  HAS_TYPE,
  IN_TRAILERS,
  INBOX_FRAMES,
  MAX_FIELDS,
  MAX_FRAME_ROWS,
  MAX_PAIRS_READ,
  MAX_PART_ROWS,
  MULTIPART_RECORD,
  NAME_CODED,
  NAME_EXTENDED,
  PART_BEGINS,
  PART_ENDS,
  QUERY_RECORD,
  RECORD,
  ROW_BEGINS,
  ROW_ENDS,
  ROW_FIN,
  ROW_NON_ASCII,
  ROW_RSV1,
  STARTED,
  UPGRADE_WEBSOCKET,
  VERSION_1_1,
} from './memory'
export { DESK, DESK_SIZE, GAP_SIZE, INBOX, TRAY_COUNT, TRAY_SIZE, TRAYS, WINDOW_SIZE } from './regions'
export { validateUtf8 } from './utf8'
export { readFrames, writeFrameHeader } from './websocket/frame'
export { mask } from './websocket/mask'
export { WORD_COUNT, WORD_SIZE, WORDS } from './words'

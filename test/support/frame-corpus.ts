// The corpus of WebSocket frames: test/corpus/websocket/*.md read as cases, each the bytes that one end of a connection
// sends and the frames the other must read.
//
// A case is a line `## title`, a frames block and an events block; prose may stand around them.
//
// frames  Items apart by spaces: `81` is a byte, `"Hé"` a JSON string's bytes in UTF-8, `ff*3` and `"ab"*3` repeat one.
//         `key=37fa213d` writes a masking key, and what follows on its line is masked with it. `#` begins a remark.
//         Line ends mean nothing. After the word frames: who reads, `server` or `client`; then maxPayload=10, deflate.
// events  One a line, in this order:
//           text fin "Hello"         a frame: its kind, `fin`, `rsv1` where they are set, its payload in items
//           error BAD_UTF8 1007      the bytes broke a rule; the close code that answers it
//           nothing                  alone: no frame is complete

import { type Named, readCases, type WrittenCase } from './case-files.js'
import { type Source, sourcesIn } from './corpus-files.js'
import { closeCodes, type DecoderOptions, lineOf, opcodeNames } from './reference-frames.js'

export interface FrameCase extends Named {
  bytes: Uint8Array
  options: DecoderOptions
  /** Frames in order, as `lineOf` writes them. */
  frames: string[]
  /** As `errorLineOf` writes it. */
  error: string | undefined
}

/** Every case of test/corpus/websocket/*.md, or of the sources given; throws an error that names file, line and fault. */
export function readFrameCorpus(sources: readonly Source[] = sourcesIn('websocket/')): FrameCase[] {
  return readCases(sources, ['frames', 'events'], readCase)
}

function readCase({ file, title, options, sent, expected }: WrittenCase): FrameCase {
  const error = expected.at(-1)?.startsWith('error ') ? readError(expected.at(-1)!) : undefined
  const frames = error === undefined ? expected : expected.slice(0, -1)
  return {
    file,
    title,
    bytes: Buffer.concat(sent.map(readItems)),
    options: readOptions(options),
    frames: frames.join() === 'nothing' ? [] : frames.map(readFrame),
    error,
  }
}

function readOptions(options: string): DecoderOptions {
  const [, role, limit, deflate] = /^(server|client)(?: maxPayload=(\d+))?( deflate)?$/.exec(options) ?? []
  if (role === undefined) throw new Error(`unknown options '${options}'`)
  return {
    role: role as DecoderOptions['role'],
    ...(limit && { maxPayload: Number(limit) }),
    ...(deflate && { deflate: true }),
  }
}

const item = /(?:([0-9a-f]{2})|("(?:[^"\\]|\\.)*")|key=([0-9a-f]{8}))(?:\*(\d+))?(?: +|$)|#.*$/y

function readItems(line: string): Buffer {
  const parts: Buffer[] = []
  let key: Buffer | undefined
  let masked = 0
  item.lastIndex = 0
  while (item.lastIndex < line.length) {
    const start = item.lastIndex
    const [whole, hex, string, keyHex, times = '1'] = item.exec(line) ?? []
    if (whole === undefined) throw new Error(`no item at '${line.slice(start)}'`)
    if (whole.startsWith('#')) break
    if (keyHex) parts.push((key = Buffer.from(keyHex, 'hex')))
    if (keyHex) continue
    const bytes = hex ? Buffer.from(hex, 'hex') : Buffer.from(JSON.parse(string!) as string)
    const repeated = Buffer.concat(Array<Buffer>(Number(times)).fill(bytes))
    parts.push(repeated.map((byte, at) => byte ^ (key?.[(masked + at) % 4] ?? 0)) as Buffer)
    if (key) masked += repeated.length
  }
  return Buffer.concat(parts)
}

function readFrame(line: string): string {
  const [, kind, fin, rsv1, payload] = /^(\w+)( fin)?( rsv1)?(?: (.*))?$/.exec(line) ?? []
  const opcode = Object.keys(opcodeNames).find((one) => opcodeNames[Number(one)] === kind)
  if (opcode === undefined) throw new Error(`an unknown event '${line}'`)
  return lineOf({
    opcode: Number(opcode),
    fin: fin !== undefined,
    rsv1: rsv1 !== undefined,
    payload: readItems(payload ?? ''),
  })
}

function readError(line: string): string {
  const [, code, closeCode] = /^error ([A-Z0-9_]+) (\d+)$/.exec(line) ?? []
  if (code === undefined || closeCodes[code] !== Number(closeCode))
    throw new Error(`an unknown error '${line}'`)
  return line
}

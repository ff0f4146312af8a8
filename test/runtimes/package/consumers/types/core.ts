// The codecs, as a program in strict TypeScript uses them: no platform's types are needed but bytes and streams.
import {
  decodeMultipart,
  encodeFrame,
  encodeMultipart,
  encodeQuery,
  type Frame,
  FrameDecoder,
  type FrameDecoderOptions,
  type MultipartPart,
  type Params,
  type Part,
  ProtocolError,
  parseQuery,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  validUtf8,
} from 'httpkit-wasm/core'

export function headOf(bytes: Uint8Array): RequestHead | undefined {
  try {
    const head = parseRequestHead(bytes)
    const target: string | undefined = head?.target
    const [name, value]: [string, string] = head?.headersList[0] ?? ['', '']
    return target === name + value ? undefined : head
  } catch (error) {
    if (error instanceof ProtocolError && error.status !== undefined) return undefined
    throw error
  }
}

export const host = (head: RequestHead): string | undefined => head.headers.host
export const cookies = (bytes: Uint8Array): string | string[] | undefined =>
  parseResponseHead(bytes)?.headers['set-cookie']

const settings: FrameDecoderOptions = { role: 'server', maxPayload: 1024 }
export const decoder: FrameDecoder = new FrameDecoder(settings)
export const frames: readonly Frame[] = decoder.push(
  encodeFrame({ opcode: 1, payload: 'text', mask: new Uint8Array(4) }),
)

export class OwnError extends ProtocolError {
  constructor() {
    super('MINE', 'of our own', { status: 400, offset: 3 })
  }
}
export const code: string = new OwnError().code

const params: Params = parseQuery('a=1&a=2', { maxPairs: 10 })
const a: string | string[] | undefined = params.a
export const query: string = encodeQuery({ a, b: { c: [1, true] } }, 'indexed')
export const valid: boolean = validUtf8(new Uint8Array())

const parts: Part[] = [
  { name: 'file', content: new Uint8Array(), filename: 'a.bin' },
  { name: 'n', content: 3 },
]
const { contentType, contentLength, body } = encodeMultipart(parts)
export const length: number | undefined = contentLength

export async function partsOf(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const names: string[] = []
  for await (const part of decodeMultipart(stream, contentType, { maxParts: 2 }))
    names.push(await nameOf(part))
  for await (const part of decodeMultipart(body, contentType)) names.push(part.headers['content-type'] ?? '')
  return names
}

async function nameOf(part: MultipartPart): Promise<string> {
  for await (const piece of part) piece.subarray(1)
  return part.filename ?? part.name ?? (await part.text())
}

// @ts-expect-error text is not bytes
parseRequestHead('GET / HTTP/1.1')
// @ts-expect-error who reads is to be said
new FrameDecoder({})
// @ts-expect-error there is no such role
new FrameDecoder({ role: 'proxy' })
// @ts-expect-error no such style
encodeQuery({}, 'dotted')
// @ts-expect-error it may be incomplete
parseRequestHead(new Uint8Array()).target

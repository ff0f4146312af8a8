// permessage-deflate (RFC 7692) for a raw peer, on node:zlib: what was agreed, and one compressor and one decompressor
// that keep their window from message to message where, and only where, that was agreed. A decompressor has no larger
// window than the other side may use, so a reference further back, or into a message that should be forgotten, is an
// error.
//
//   const agreed = readAgreement(answer.header('Sec-WebSocket-Extensions'))    one permessage-deflate, strictly read
//   agreed.serverNoContextTakeover  agreed.clientMaxWindowBits  …
//   const { compress, decompress } = rawDeflate(agreed, 'client')              for a peer that is the client
//   peer.send(text(await compress('Hello'), { rsv: 4 }))
//   const payload = await decompress((await peer.message()).payload)

import type { Transform } from 'node:stream'
import { constants, createDeflateRaw, createInflateRaw, type Zlib } from 'node:zlib'

export interface Agreement {
  serverNoContextTakeover: boolean
  clientNoContextTakeover: boolean
  /** Undefined where nothing was said of it: 15. */
  serverMaxWindowBits: number | undefined
  /** `true` in an offer that names it without a value. */
  clientMaxWindowBits: number | true | undefined
}

export interface RawDeflate {
  compress(payload: string | Uint8Array): Promise<Buffer>
  decompress(payload: Uint8Array): Promise<Buffer>
}

/** The first offer of a request's field, or the one extension of an answer. @throws where a parameter is wrong */
export function readAgreement(field: string | undefined): Agreement {
  const [name, ...parameters] = (field ?? '')
    .split(',', 1)[0]!
    .split(';')
    .map((part) => part.trim())
  if (name !== 'permessage-deflate') throw new Error(`no permessage-deflate: ${field}`)
  const given = new Map<string, string | undefined>(
    parameters.map((parameter) => parameter.split(/\s*=\s*/) as [string, string]),
  )
  if (given.size < parameters.length) throw new Error(`a parameter came twice: ${field}`)
  const agreement = {
    serverNoContextTakeover: flag(given, 'server_no_context_takeover'),
    clientNoContextTakeover: flag(given, 'client_no_context_takeover'),
    serverMaxWindowBits: bits(given, 'server_max_window_bits'),
    clientMaxWindowBits: bits(given, 'client_max_window_bits'),
  }
  if (agreement.serverMaxWindowBits === true)
    throw new Error(`server_max_window_bits without a value: ${field}`)
  if (given.size > 0) throw new Error(`an unknown parameter: ${field}`)
  return agreement as Agreement
}

function flag(given: Map<string, string | undefined>, name: string): boolean {
  if (given.get(name) !== undefined) throw new Error(`${name} with a value`)
  return given.delete(name)
}

function bits(given: Map<string, string | undefined>, name: string): number | true | undefined {
  if (!given.has(name)) return undefined
  const value = given.get(name)
  given.delete(name)
  if (value === undefined) return true
  if (!/^([89]|1[0-5])$/.test(value)) throw new Error(`${name}=${value}`)
  return Number(value)
}

export function rawDeflate(agreed: Agreement, role: 'client' | 'server'): RawDeflate {
  const { clientMaxWindowBits = 15, serverMaxWindowBits = 15 } = agreed
  if (clientMaxWindowBits === true) throw new Error('an answer with client_max_window_bits without a value')
  const client = { windowBits: clientMaxWindowBits, forgets: agreed.clientNoContextTakeover }
  const server = { windowBits: serverMaxWindowBits, forgets: agreed.serverNoContextTakeover }
  const [ours, theirs] = role === 'client' ? [client, server] : [server, client]
  const deflate = createDeflateRaw({ windowBits: ours.windowBits })
  const inflate = createInflateRaw({ windowBits: theirs.windowBits })
  return {
    async compress(payload) {
      if (ours.forgets) deflate.reset()
      const compressed = await through(deflate, Buffer.from(payload))
      // A sync flush ends with an empty stored block, whose last four bytes are left out (§7.2.1).
      if (!compressed.subarray(-4).equals(TAIL)) throw new Error('no empty block at the end')
      return compressed.subarray(0, -4)
    },
    decompress(payload) {
      if (theirs.forgets) inflate.reset()
      return through(inflate, Buffer.concat([payload, TAIL]))
    },
  }
}

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

async function through(stream: Transform & Zlib, bytes: Buffer): Promise<Buffer> {
  const pieces: Buffer[] = []
  const onData = (piece: Buffer): number => pieces.push(piece)
  await new Promise<void>((resolve, reject) => {
    stream.on('data', onData).once('error', reject)
    stream.write(bytes)
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', onData).off('error', reject)
      resolve()
    })
  })
  return Buffer.concat(pieces)
}

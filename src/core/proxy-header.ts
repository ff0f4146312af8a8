// The PROXY protocol, versions 1 and 2: how a load balancer says, before the first byte, whose connection it passes on
// (haproxy.org, proxy-protocol.txt, sections 2.1 and 2.2). Bytes in, an address out.
import { type ProtocolError, protocolError } from './protocol-error.js'
import { latin1Of } from './text.js'

export interface ProxyHeader {
  /** Bytes of the header; 0 where the connection has none. */
  length: number
  /** The client's; undefined where the proxy speaks for itself. */
  address: string | undefined
  /** The port the client reached the proxy at. */
  port: number | undefined
}

const NONE: ProxyHeader = { length: 0, address: undefined, port: undefined }
const MAX_V1 = 107
const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'
const V2_HEAD = 16

/**
 * Reads the header at the beginning of a connection.
 *
 * @param isRequired false where a connection may begin without one
 * @returns the header, or undefined where it is incomplete
 * @throws ProtocolError BAD_PROXY_HEADER
 */
export function readProxyHeader(bytes: Uint8Array, isRequired: boolean): ProxyHeader | undefined {
  const text = latin1Of(bytes.subarray(0, MAX_V1))
  if (begins(text, V2_SIGNATURE)) return text.length < V2_HEAD ? undefined : readV2(bytes)
  if (begins(text, 'PROXY ')) return readV1(text)
  if (isRequired) throw malformed()
  return NONE
}

// True also for a text that has not got that far.
function begins(text: string, prefix: string): boolean {
  return text.startsWith(prefix.slice(0, text.length))
}

function malformed(): ProtocolError {
  return protocolError('BAD_PROXY_HEADER')
}

function readV1(text: string): ProxyHeader | undefined {
  const end = text.indexOf('\r\n')
  if (end < 0) {
    if (text.length >= MAX_V1 || /[\r\n]./s.test(text)) throw malformed()
    return undefined
  }
  const length = end + 2
  const [, family, source, destination, sourcePort, destinationPort, ...rest] = text.slice(0, end).split(' ')
  if (family === 'UNKNOWN') return { ...NONE, length }
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined
  if (!isAddress || rest.length > 0 || !isAddress(source) || !isAddress(destination)) throw malformed()
  if (!isPort(sourcePort) || !isPort(destinationPort)) throw malformed()
  return { length, address: source!, port: Number(destinationPort) }
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^[1-9]\d{0,4}$/.test(text) && Number(text) <= 65535
}

function isIPv4(text: string | undefined): boolean {
  if (text === undefined || !/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return false
  return text.split('.').every((part) => Number(part) <= 255 && String(Number(part)) === part)
}

function isIPv6(text: string | undefined): boolean {
  if (text === undefined || !/^[0-9a-f:.]+$/i.test(text)) return false
  // The URL parser knows the grammar.
  return URL.canParse(`http://[${text}]/`)
}

//  0             12              13           14        16
//  ├─ signature ─┼─ ver│command ─┼─ fam│proto ─┼─ length ─┼─ addresses, ports, further fields
function readV2(bytes: Uint8Array): ProxyHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const length = V2_HEAD + view.getUint16(14)
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 15
  const family = bytes[13]! >> 4
  if (version !== 2 || command > 1) throw malformed()
  if (bytes.length < length) return undefined
  // LOCAL: the proxy's own connection, a health check say. AF_UNSPEC and AF_UNIX have no address for us.
  if (command === 0 || family === 0 || family === 3) return { ...NONE, length }
  if (family === 1 && length >= V2_HEAD + 12) {
    return { length, address: bytes.subarray(16, 20).join('.'), port: view.getUint16(26) }
  }
  if (family === 2 && length >= V2_HEAD + 36) {
    return { length, address: textOfIPv6(view, 16), port: view.getUint16(50) }
  }
  throw malformed()
}

function textOfIPv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(at + index * 2).toString(16))
  // The URL parser writes the short form (RFC 5952).
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1)
}

// The negotiation of permessage-deflate (RFC 7692 §7.1): a client offers, a server takes the first offer it can keep to,
// a client checks what came back. Where either side may be stricter than asked, each asks for what it was set to.
import { protocolError } from './protocol-error.js'
import { isToken, TOKEN } from './token.js'

/** What was agreed on. Window bits are the binary logarithm of the bytes that a side refers back to, 8 to 15. */
export interface DeflateParameters {
  /** The server forgets after every message. */
  serverNoContextTakeover: boolean
  /** The client does. */
  clientNoContextTakeover: boolean
  /** How far the server refers back. */
  serverMaxWindowBits: number
  /** How far the client does. */
  clientMaxWindowBits: number
}

/** What a side would like: to forget after every message, or to refer back less far. */
export type DeflateWishes = Partial<DeflateParameters>

const NAME = 'permessage-deflate'
const MAX_BITS = 15
/** zlib cannot compress with 8. */
const LEAST_OWN_BITS = 9

interface Extension {
  readonly name: string
  /** Undefined where one is named twice: nobody can tell which is meant. */
  readonly parameters: ReadonlyMap<string, string | true> | undefined
}

const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"'
const PARAMETER = `[ \\t]*;[ \\t]*(${TOKEN})(?:[ \\t]*=[ \\t]*(?:(${TOKEN})|${QUOTED}))?`
// Empty elements of a list count for nothing (RFC 9110 §5.6.1.2).
const EXTENSION = new RegExp(`(?:[ \\t]*(${TOKEN})((?:${PARAMETER})*))?[ \\t]*(?:,|$)`, 'y')
const EACH_PARAMETER = new RegExp(PARAMETER, 'g')

/**
 * Reads Sec-WebSocket-Extensions (RFC 6455 §9.1).
 *
 * @throws ProtocolError where it does not follow the grammar
 */
function readExtensions(value: string): Extension[] {
  const extensions: Extension[] = []
  EXTENSION.lastIndex = 0
  while (EXTENSION.lastIndex < value.length) {
    const match = EXTENSION.exec(value)
    if (match === null) throw protocolError('BAD_EXTENSIONS')
    const [, name, parameters] = match
    if (name !== undefined) extensions.push({ name: name.toLowerCase(), parameters: mapOf(parameters!) })
  }
  return extensions
}

function mapOf(parameters: string): Extension['parameters'] {
  const pairs = Array.from(parameters.matchAll(EACH_PARAMETER), ([, name, token, quoted]) => {
    return [name!.toLowerCase(), token ?? (quoted === undefined ? true : unquoted(quoted))] as const
  })
  const map = new Map(pairs)
  return map.size === pairs.length ? map : undefined
}

// What is quoted must be a token once the escapes are gone (RFC 6455 §9.1).
function unquoted(text: string): string {
  const value = text.replace(/\\(.)/g, '$1')
  if (!isToken(value)) throw protocolError('BAD_EXTENSIONS')
  return value
}

/** Whether the value of Sec-WebSocket-Extensions follows the grammar. */
export function areExtensions(value: string): boolean {
  try {
    readExtensions(value)
    return true
  } catch {
    return false
  }
}

const KNOWN = new Set([
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
])

// Undefined where a parameter is unknown or has a value that it cannot have. Without a value, client_max_window_bits
// only says that the client knows it (RFC 7692 §7.1.2.2).
function readParameters({ parameters }: Extension, isOffer: boolean): DeflateParameters | undefined {
  if (parameters === undefined) return undefined
  for (const [name, value] of parameters) {
    if (!KNOWN.has(name)) return undefined
    const isBare = value === true
    const mayBeBare = name.endsWith('takeover') || (isOffer && name === 'client_max_window_bits')
    if (isBare ? !mayBeBare : name.endsWith('takeover') || !/^([89]|1[0-5])$/.test(value)) return undefined
  }
  const bits = (name: string): number => Number(parameters.get(name) ?? MAX_BITS)
  return {
    serverNoContextTakeover: parameters.has('server_no_context_takeover'),
    clientNoContextTakeover: parameters.has('client_no_context_takeover'),
    serverMaxWindowBits: bits('server_max_window_bits'),
    clientMaxWindowBits:
      parameters.get('client_max_window_bits') === true ? MAX_BITS : bits('client_max_window_bits'),
  }
}

/** The server's answer to an offer. */
export interface Accepted {
  readonly parameters: DeflateParameters
  /** The value of Sec-WebSocket-Extensions. */
  readonly field: string
}

/**
 * Takes the first offer that can be kept to.
 *
 * @param offers the client's Sec-WebSocket-Extensions
 * @returns undefined where there is none
 * @throws ProtocolError where the offers do not follow the grammar
 */
export function acceptOffer(offers: string, wishes: DeflateWishes): Accepted | undefined {
  for (const extension of readExtensions(offers)) {
    const offered = extension.name === NAME ? readParameters(extension, true) : undefined
    if (offered === undefined || offered.serverMaxWindowBits < LEAST_OWN_BITS) continue
    const knowsClientBits = extension.parameters!.has('client_max_window_bits')
    const parameters = stricter(offered, wishes)
    if (!knowsClientBits) parameters.clientMaxWindowBits = MAX_BITS
    const namesServerBits = extension.parameters!.has('server_max_window_bits')
    return { parameters, field: fieldOf(parameters, namesServerBits) }
  }
  return undefined
}

/** The client's Sec-WebSocket-Extensions. */
export function makeOffer(wishes: DeflateWishes): string {
  const field = fieldOf(stricter(readParameters({ name: NAME, parameters: new Map() }, true)!, wishes))
  return field.includes('client_max_window_bits') ? field : `${field}; client_max_window_bits`
}

/**
 * Checks a server's answer to `makeOffer(wishes)`.
 *
 * @throws ProtocolError where it accepts what was not offered
 */
export function readAnswer(answer: string, wishes: DeflateWishes): DeflateParameters {
  const extensions = readExtensions(answer)
  const [extension] = extensions
  const agreed =
    extensions.length === 1 && extension!.name === NAME ? readParameters(extension!, false) : undefined
  const namesClientBits = extension?.parameters?.has('client_max_window_bits') === true
  if (agreed === undefined || !keepsTo(agreed, wishes, namesClientBits)) throw protocolError('BAD_EXTENSIONS')
  // The client keeps to what it said, also where the answer does not repeat it.
  return stricter(agreed, wishes)
}

function keepsTo(agreed: DeflateParameters, wishes: DeflateWishes, namesClientBits: boolean): boolean {
  if (wishes.serverNoContextTakeover && !agreed.serverNoContextTakeover) return false
  return (
    agreed.serverMaxWindowBits <= (wishes.serverMaxWindowBits ?? MAX_BITS) &&
    (!namesClientBits || agreed.clientMaxWindowBits <= (wishes.clientMaxWindowBits ?? MAX_BITS)) &&
    agreed.clientMaxWindowBits >= LEAST_OWN_BITS
  )
}

function stricter(offered: DeflateParameters, wishes: DeflateWishes): DeflateParameters {
  return {
    serverNoContextTakeover: offered.serverNoContextTakeover || wishes.serverNoContextTakeover === true,
    clientNoContextTakeover: offered.clientNoContextTakeover || wishes.clientNoContextTakeover === true,
    serverMaxWindowBits: Math.min(offered.serverMaxWindowBits, wishes.serverMaxWindowBits ?? MAX_BITS),
    clientMaxWindowBits: Math.min(offered.clientMaxWindowBits, wishes.clientMaxWindowBits ?? MAX_BITS),
  }
}

// An offer that names server_max_window_bits is accepted by naming it (RFC 7692 §7.1.2.1).
function fieldOf(parameters: DeflateParameters, namesServerBits = false): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters
  const parts = [NAME]
  if (parameters.serverNoContextTakeover) parts.push('server_no_context_takeover')
  if (parameters.clientNoContextTakeover) parts.push('client_no_context_takeover')
  if (namesServerBits || serverMaxWindowBits < MAX_BITS)
    parts.push(`server_max_window_bits=${serverMaxWindowBits}`)
  if (clientMaxWindowBits < MAX_BITS) parts.push(`client_max_window_bits=${clientMaxWindowBits}`)
  return parts.join('; ')
}

// Who we are: Basic credentials (RFC 7617).
import { utf8AsBinary } from '../core/text.js'

/** The userinfo of a URL, or undefined where it has none. @throws URIError where it cannot be decoded */
export function credentialsOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return encode(decodeURIComponent(username), decodeURIComponent(password))
}

/**
 * Of a pair, or of one text with a colon in it.
 *
 * @throws TypeError for a user with a colon or a control character in its name
 */
export function basicCredentials(basicAuth: string | readonly [user: string, password: string]): string {
  const [user, password] =
    typeof basicAuth === 'string' ? splitAtColon(basicAuth) : Array.isArray(basicAuth) ? basicAuth : []
  if (typeof user !== 'string' || typeof password !== 'string')
    throw new TypeError("basicAuth is ['user', 'password'] or 'user:password'")
  return encode(user, password)
}

function splitAtColon(text: string): [string, string] {
  const colon = text.indexOf(':')
  return colon === -1 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)]
}

function encode(user: string, password: string): string {
  if (user.includes(':')) throw new TypeError('a user name with a colon')
  const pair = `${user}:${password}`
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 §2 has none of them
  if (/[\0-\x1f\x7f]/.test(pair)) throw new TypeError('a control character in credentials')
  return `Basic ${btoa(utf8AsBinary(pair))}`
}

// A token (RFC 9110 §5.6.2): what names of fields, sub-protocols and extensions are made of.

/** As a part of a regular expression. */
export const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"

const WHOLE = new RegExp(`^${TOKEN}$`)

export function isToken(text: string): boolean {
  return WHOLE.test(text)
}

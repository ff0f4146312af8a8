// What stands in a part's head, told by the grammar's own expressions, of bytes as Latin-1 strings; the codec under test has
// no part in it.

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"'
const OWS = '[ \\t]*'

/** field-line, RFC 9112 §5. */
const FIELD = new RegExp(`^(${TOKEN}):${OWS}(.*?)${OWS}$`, 's')
/** disposition-type *( ";" [ parameter ] ), RFC 6266 §4.1, RFC 9110 §5.6.6. */
const DISPOSITION = new RegExp(`^(${TOKEN})(?:${OWS};${OWS}(?:${TOKEN}=(?:${TOKEN}|${QUOTED}))?)*${OWS}$`)
const EMPTY_PARAMETER = new RegExp(`;${OWS}(?:;|$)`)
const PARAMETER = new RegExp(`;${OWS}(?:(${TOKEN})=(?:(${TOKEN})|(${QUOTED})))?`, 'g')
/** type/subtype *( ";" parameter ), RFC 9110 §8.3.1, without the empty parameters that it allows. */
const MEDIA_TYPE = new RegExp(`^${TOKEN}/${TOKEN}(?:${OWS};${OWS}${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`)
/** charset "'" [ language ] "'" value-chars, RFC 8187 §3.2.1. */
const EXTENDED = /^([^']*)'[^']*'((?:%[0-9a-f]{2}|[!#$&+\-.^_`|~0-9A-Za-z])*)$/i

/** The values of a field. */
export function valuesIn(head, field) {
  const lines = head.split('\r\n').map((line) => FIELD.exec(line))
  return lines.filter((line) => line?.[1].toLowerCase() === field).map((line) => line[2])
}

export function isFolded(head) {
  return /\r\n[ \t]/.test(head)
}

/** `{ kind, parameters, hasEmpty }`, of which parameters are `{ name, value }`, a name in lower case and a value without its quotes; or undefined where there is none, or it is malformed. */
export function dispositionIn(head) {
  const [value] = valuesIn(head, 'content-disposition')
  const [, kind] = DISPOSITION.exec(value ?? '') ?? []
  if (kind === undefined) return undefined
  const found = [...value.matchAll(PARAMETER)].filter(([, name]) => name !== undefined)
  const parameters = found.map(([, name, token, quoted]) => {
    return { name: name.toLowerCase(), value: token ?? quoted.slice(1, -1), isQuoted: token === undefined }
  })
  return {
    kind: kind.toLowerCase(),
    parameters,
    hasEmpty: EMPTY_PARAMETER.test(value.replace(/"(?:[^"\\]|\\.)*"/g, 'q')),
  }
}

/** Whether it is well-formed but for what stands before the text of an extended value: charset and language. */
export function isMalformedInExtended(disposition) {
  return !DISPOSITION.test(disposition) && DISPOSITION.test(disposition.replace(/\*=[^'";]*'[^']*'/g, "*=''"))
}

/** A parameter of the disposition. */
export function parameterIn(head, wanted) {
  return dispositionIn(head)?.parameters.find(({ name }) => name === wanted)
}

export function isMediaType(value) {
  return MEDIA_TYPE.test(value)
}

/** What a name means: the extended value, if there is one, else the plain one; undefined where there is none. */
export function nameIn(head, name) {
  const extended = parameterIn(head, `${name}*`)
  if (extended !== undefined) return extendedText(extended)
  const plain = parameterIn(head, name)
  return plain === undefined ? undefined : withoutEscapes(plainText(plain))
}

function extendedText({ value }) {
  const [, charset, coded] = EXTENDED.exec(value)
  return charset.toLowerCase() === 'utf-8' ? decodeURIComponent(coded) : isoText(coded)
}

function isoText(coded) {
  return coded.replace(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
}

function plainText({ value, isQuoted }) {
  const unquoted = isQuoted ? value.replace(/\\(["\\])/g, '$1') : value
  return Buffer.from(unquoted, 'latin1').utf8Slice()
}

const ESCAPES = { '%22': '"', '%0D': '\r', '%0A': '\n' }

/** What browsers escape in a name (HTML Standard, "multipart/form-data encoding algorithm"). */
export function withoutEscapes(name) {
  return name.replace(/%22|%0D|%0A/g, (code) => ESCAPES[code])
}

/** Whether it can be read: in UTF-8 or ISO 8859-1, of which a recipient must know the first (RFC 8187 §3.2.1). */
export function isExtendedValue({ value, isQuoted }) {
  const [, charset, coded] = EXTENDED.exec(value) ?? []
  if (coded === undefined || isQuoted) return false
  if (charset.toLowerCase() === 'iso-8859-1') return true
  return charset.toLowerCase() === 'utf-8' && isUtf8Coded(coded)
}

function isUtf8Coded(coded) {
  try {
    decodeURIComponent(coded)
    return true
  } catch {
    return false
  }
}

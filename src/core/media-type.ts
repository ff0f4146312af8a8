// Media types with their parameters (RFC 9110 §8.3.1).

/** Is a Content-Type of this type, which is written in lower case? Its parameters do not matter. */
export function hasType(contentType: string, type: string): boolean {
  const { length } = type
  return contentType.slice(0, length).toLowerCase() === type && /^[ \t]*(;|$)/.test(contentType.slice(length))
}

// token "=" ( token / quoted-string ), §5.6.6
const PARAMETER = /;[ \t]*([^ \t;="]+)=(?:"((?:[^"\\]|\\.)*)"|([^ \t;"]*))/g

/** A parameter of a media type, without its quotes; undefined where there is none, or it is empty. */
export function parameterOf(type: string, name: string): string | undefined {
  if (!type.includes(';')) return undefined
  for (const [, found, quoted, token] of type.matchAll(PARAMETER)) {
    if (found!.toLowerCase() === name) return (quoted?.replace(/\\(.)/g, '$1') ?? token) || undefined
  }
  return undefined
}

/** Content-Type for a request map: cut before its parameters where one of them is a charset, as in http-kit. */
export function contentTypeOf(type: string | undefined, charset: string | undefined): string | undefined {
  return charset === undefined ? type : type!.slice(0, type!.indexOf(';')).trim()
}

/** Bytes as text; a byte order mark is none of it. */
export type Decode = (bytes: Uint8Array) => string

/** The decoder of a charset (Encoding Standard), or undefined where nobody knows it. */
export function decoderOf(charset: string): Decode | undefined {
  try {
    const decoder = new TextDecoder(charset)
    // In two steps, for in one Node 20 takes windows-1252 for ISO 8859-1.
    return (bytes) => decoder.decode(bytes, { stream: true }) + decoder.decode()
  } catch {
    return undefined
  }
}

const utf8 = new TextDecoder()

/** The same, or UTF-8's where there is no charset, or an unknown one. */
export function decoderOrUtf8(charset: string | undefined): Decode {
  const decode = charset === undefined ? undefined : decoderOf(charset)
  return decode ?? ((bytes) => utf8.decode(bytes))
}

export function isUtf8(charset: string | undefined): boolean {
  return charset === undefined || /^utf-?8$/i.test(charset)
}

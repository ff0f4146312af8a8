// Media types with their parameters (RFC 9110 §8.3.1).

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

/** The decoder of a charset (Encoding Standard), or undefined where nobody knows it. It drops a byte order mark. */
export function decoderOf(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset)
  } catch {
    return undefined
  }
}

export function isUtf8(charset: string | undefined): boolean {
  return charset === undefined || /^utf-?8$/i.test(charset)
}

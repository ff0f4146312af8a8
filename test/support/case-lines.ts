// How the lines of a case are written: what cannot be seen is escaped, and events come in an order.

/** Refuses a line with a character that is not `allowed`, or with a space at its end. */
export function refuseUnseen(line: string, allowed: RegExp): void {
  if (!allowed.test(line)) throw new Error(`a byte that must be written as \\xHH in '${line}'`)
  if (line.endsWith(' ')) throw new Error(`a space that must be written as \\x20 at the end of '${line}'`)
}

const repeated = /\{((?:[^{}\\]|\\.)*)\*(\d+)\}/g
const escaped = /\\(?:x([0-9a-fA-F]{2})|(.?))/g
const named: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '"': '"' }

/** Bytes as characters (Latin-1), from \r \n \t \0 \\ \" \xHH and {text*N}. */
export function unescapeText(text: string): string {
  const whole = text.replace(repeated, (_, part: string, times: string) => part.repeat(Number(times)))
  if (whole.includes('{')) throw new Error('a brace that repeats nothing; a literal one is \\x7b')
  return whole.replace(escaped, (written: string, hex: string | undefined, letter: string) => {
    const character = hex ? String.fromCharCode(Number.parseInt(hex, 16)) : named[letter]
    if (character === undefined) throw new Error(`an unknown escape '${written}'`)
    return character
  })
}

/** The kinds of event that there are. */
export interface Grammar {
  shapes: Readonly<Record<string, RegExp>>
  /** What may come behind each kind; behind 'start', first. */
  followers: Readonly<Record<string, readonly string[]>>
  lastOnes: readonly string[]
}

/** The kind of each line, in an order that the grammar allows. */
export function kindsOf(lines: readonly string[], { shapes, followers, lastOnes }: Grammar): string[] {
  let before = 'start'
  const kinds = lines.map((line) => {
    const kind = Object.keys(shapes).find((name) => shapes[name]!.test(line))
    if (!kind) throw new Error(`an unknown event '${line}'`)
    if (!followers[before]?.includes(kind)) throw new Error(`'${line}' cannot follow ${before}`)
    return (before = kind)
  })
  if (!lastOnes.includes(before)) throw new Error(`the events stop at ${before}`)
  return kinds
}

// Multipart bodies read the slow and plain way (RFC 2046 §5.1, RFC 7578): from a body that is all there, by searching
// strings. It shares nothing with the code under test.
//
//   readReference(body, 'multipart/form-data; boundary=b', { maxParts: 3 })     what must come, as event lines
//   differenceOf(lines, expectation)                                           undefined, or what is wrong with them
import type { MultipartLimits } from '../../src/core.js'
import { dataLines, partLine } from './multipart-log.js'

export interface Expectation {
  /** Without the error; of a part that fails, what certainly comes of it. */
  lines: string[]
  /** Any of them, where the bytes show several faults; none where there is none. */
  codes: string[]
}

type Limits = Required<MultipartLimits>

const defaults: Limits = {
  maxParts: 1000,
  maxFields: 1000,
  maxFiles: 1000,
  maxFieldSize: 1024 * 1024,
  maxFileSize: Number.POSITIVE_INFINITY,
  maxHeadSize: 16 * 1024,
  maxTotal: Number.POSITIVE_INFINITY,
}

/** What must come of the body. Its content type is a good one. */
export function readReference(
  body: Uint8Array,
  contentType: string,
  limits: MultipartLimits = {},
): Expectation {
  const reader = new ReferenceReader(body, contentType, { ...defaults, ...limits })
  try {
    reader.readAll()
    return { lines: [...reader.lines, 'end'], codes: [] }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { lines: reader.lines, codes: error.codes }
  }
}

/** The expectation as lines; the error is the first of those that may come. */
export function linesOf({ lines, codes }: Expectation): string[] {
  return codes.length === 0 ? lines : [...lines, `error ${codes[0]} ${statusOf(codes[0]!)}`]
}

/** The lines, where they are not the expected ones, beside these. */
export function differenceOf(
  lines: readonly string[],
  expected: Expectation,
): { lines: readonly string[]; expected: readonly string[] } | undefined {
  const isRight =
    expected.codes.length === 0
      ? lines.join('\n') === expected.lines.join('\n')
      : expected.codes.some((code) => lines.at(-1) === `error ${code} ${statusOf(code)}`) &&
        lines.slice(0, -1).join('\n') === expected.lines.join('\n')
  return isRight ? undefined : { lines, expected: linesOf(expected) }
}

export function statusOf(code: string): 400 | 413 {
  return code.includes('TOO_') ? 413 : 400
}

class Fault extends Error {
  readonly codes: string[]

  constructor(...codes: string[]) {
    super(codes.join())
    this.codes = codes
  }
}

const tchar = "[!#$%&'*+.^_`|~0-9A-Za-z-]"
const quotedElsewhere = /(?<!;[ \t]*boundary=)"(?:[^"\\]|\\.)*"/gi
const boundaryParameter = /;[ \t]*boundary=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i

class ReferenceReader {
  readonly lines: string[] = []
  private readonly text: string
  private readonly limits: Limits
  private readonly isForm: boolean
  private readonly dashBoundary: string
  /** What a body that stops before its end is. */
  private readonly cutShort: string
  private at = 0
  private parts = 0
  private fields = 0
  private files = 0

  constructor(body: Uint8Array, contentType: string, limits: Limits) {
    const text = Buffer.from(body).toString('latin1')
    const [, quoted, token] = boundaryParameter.exec(contentType.replace(quotedElsewhere, 'x'))!
    this.dashBoundary = `--${token ?? quoted!.replace(/\\(.)/g, '$1')}`
    this.isForm = /^multipart\/form-data *(;|$)/i.test(contentType)
    this.limits = limits
    this.text = text.slice(0, limits.maxTotal)
    this.cutShort = text.length > limits.maxTotal ? 'MULTIPART_TOO_LARGE' : 'MISSING_FINAL_BOUNDARY'
  }

  readAll(): void {
    this.skipPreamble()
    while (!this.isFinal()) this.readPart()
    if (this.cutShort === 'MULTIPART_TOO_LARGE') throw new Fault(this.cutShort)
  }

  private get rest(): string {
    return this.text.slice(this.at)
  }

  private skipPreamble(): void {
    const found = this.text.startsWith(this.dashBoundary)
      ? 0
      : this.text.indexOf(`\r\n${this.dashBoundary}`) + 2
    if (found === 1) throw new Fault(this.cutShort)
    this.at = found + this.dashBoundary.length
  }

  /** Reads what follows a boundary. @returns whether it is the last one */
  private isFinal(): boolean {
    if (this.rest.startsWith('--')) return true
    const [padding] = /^[ \t]*\r\n/.exec(this.rest) ?? []
    if (padding === undefined)
      throw new Fault(/^(-|[ \t]*\r?)$/.test(this.rest) ? this.cutShort : 'BAD_DELIMITER')
    this.at += padding.length
    return false
  }

  private readPart(): void {
    const head = this.readHead()
    const part = readPartHead(head, this.isForm)
    const hasDelimiter = `\r\n${head}`.includes(`\r\n${this.dashBoundary}`)
    if (part === undefined || hasDelimiter) throw new Fault('BAD_PART_HEAD')
    if (++this.parts > this.limits.maxParts) throw new Fault('TOO_MANY_PARTS')
    const isFile = part.filename !== undefined
    if (isFile && ++this.files > this.limits.maxFiles) throw new Fault('TOO_MANY_FILES')
    if (!isFile && ++this.fields > this.limits.maxFields) throw new Fault('TOO_MANY_FORM_FIELDS')
    const { name, filename, contentType, fields } = part
    this.lines.push(partLine(name, filename, contentType))
    // As in a map of headers, in which names like 8 come first.
    const headers = Object.entries(Object.fromEntries(fields))
    for (const [field, value] of headers) this.lines.push(`  ${field}: ${value}`)
    this.readData(isFile)
  }

  // The lines of the head with their ends, but for the empty one.
  private readHead(): string {
    const end = this.rest.startsWith('\r\n') ? 2 : this.rest.indexOf('\r\n\r\n') + 4
    const { maxHeadSize } = this.limits
    const head = this.rest.slice(0, end === 3 ? undefined : end - 2)
    const lines = head.slice(0, maxHeadSize)
    if (/(?<!\r)\n/.test(lines)) throw new Fault('BAD_PART_HEAD')
    const early = readPartHead(lines, false) === undefined ? ['BAD_PART_HEAD'] : []
    if (end === 3 ? head.length >= maxHeadSize : end > maxHeadSize)
      throw new Fault('PART_HEAD_TOO_LARGE', ...early)
    if (end === 3) throw new Fault(this.cutShort, ...early)
    this.at += end
    return head
  }

  // The CRLF of a head's empty line may be that of the delimiter, too.
  private readData(isFile: boolean): void {
    const delimiter = `\r\n${this.dashBoundary}`
    const found = this.text.indexOf(delimiter, this.at - 2)
    const end = found === -1 ? this.text.length - openEnd(this.text, delimiter, this.at - 2) : found
    const data = this.text.slice(this.at, end)
    const most = isFile ? this.limits.maxFileSize : this.limits.maxFieldSize
    const tooLarge = isFile ? 'FILE_TOO_LARGE' : 'FIELD_TOO_LARGE'
    if (data.length > most) this.cut(data.slice(0, most), tooLarge)
    if (found === -1) this.cut(data, this.cutShort)
    this.lines.push(...dataLines('data', Buffer.from(data, 'latin1')))
    this.at = found + delimiter.length
  }

  private cut(data: string, code: string): never {
    this.lines.push(...dataLines('cut', Buffer.from(data, 'latin1')))
    throw new Fault(code)
  }
}

// Bytes at the end of the text that may be the begin of a delimiter.
function openEnd(text: string, delimiter: string, from: number): number {
  const most = Math.min(delimiter.length - 1, text.length - from)
  for (let length = most; length > 0; length--) {
    if (text.endsWith(delimiter.slice(0, length))) return length
  }
  return 0
}

const once = ['content-disposition', 'content-type']

interface PartHead {
  name: string | undefined
  filename: string | undefined
  contentType: string
  fields: Map<string, string>
}

/** @returns undefined for a malformed one */
function readPartHead(head: string, isForm: boolean): PartHead | undefined {
  const fields = new Map<string, string>()
  const lines = head.split('\r\n').slice(0, -1)
  for (const line of lines) {
    const [, name, value] = fieldLine.exec(line) ?? []
    if (name === undefined) return undefined
    const before = fields.get(name.toLowerCase())
    if (before !== undefined && once.includes(name.toLowerCase())) return undefined
    const text = utf8(value!)
    fields.set(name.toLowerCase(), before === undefined ? text : `${before}, ${text}`)
  }
  const [disposition, type] = once.map((field) =>
    lines.find((line) => line.toLowerCase().startsWith(`${field}:`)),
  )
  const parameters = readDisposition(disposition === undefined ? 'none' : fieldLine.exec(disposition)![2]!)
  if (parameters === undefined) return undefined
  const { kind, name, filename } = parameters
  if (isForm && (kind !== 'form-data' || name === undefined)) return undefined
  return {
    name,
    filename,
    contentType: type === undefined ? 'text/plain' : fieldLine.exec(type)![2]!,
    fields,
  }
}

const fieldLine = new RegExp(
  `^(${tchar}+):[ \\t]*((?:[^\\0-\\x08\\x0a-\\x1f\\x7f]*[^\\0-\\x20\\x7f])?)[ \\t]*$`,
)

interface Disposition {
  kind: string
  name: string | undefined
  filename: string | undefined
}

/** @returns undefined for a malformed one */
function readDisposition(value: string): Disposition | undefined {
  const [kind] = new RegExp(`^${tchar}+`).exec(value) ?? []
  if (kind === undefined) return undefined
  const found = new Map<string, string>()
  let rest = value.slice(kind.length)
  while (/[^ \t;]/.test(rest)) {
    const parameter = readParameter(rest.replace(/^([ \t]*;)+/, ';'))
    if (parameter === undefined) return undefined
    if (/^(file)?name\*?$/.test(parameter.name) && found.has(parameter.name)) return undefined
    found.set(parameter.name, parameter.value)
    rest = parameter.rest
  }
  const extended = ['name*', 'filename*'].map((name) => [name, found.get(name)] as const)
  for (const [name, text] of extended) {
    const decoded = text === undefined ? undefined : readExtended(text)
    if (text !== undefined && decoded === undefined) return undefined
    if (decoded !== undefined) found.set(name.slice(0, -1), decoded)
  }
  return { kind: kind.toLowerCase(), name: found.get('name'), filename: found.get('filename') }
}

const token = new RegExp(`^[ \\t]*;[ \\t]*(${tchar}+)=(${tchar}+)`)
const quotedBegin = new RegExp(`^[ \\t]*;[ \\t]*(${tchar}+)="`)

function readParameter(text: string): { name: string; value: string; rest: string } | undefined {
  const [plain, plainName, plainValue] = token.exec(text) ?? []
  if (plain !== undefined) {
    return {
      name: plainName!.toLowerCase(),
      value: plainName!.endsWith('*') ? plainValue! : unescapeForm(plainValue!),
      rest: text.slice(plain.length),
    }
  }
  const [begin, name] = quotedBegin.exec(text) ?? []
  if (begin === undefined || name!.endsWith('*')) return undefined
  let value = ''
  for (let at = begin.length; at < text.length; at++) {
    const isPair = text[at] === '\\' && /^(\\|"(?!$))/.test(text.slice(at + 1))
    if (text[at] === '"')
      return { name: name!.toLowerCase(), value: unescapeForm(value), rest: text.slice(at + 1) }
    if (isPair) at++
    value += text[at]
  }
  return undefined
}

function unescapeForm(value: string): string {
  return utf8(value.replace(/%22|%0D|%0A/g, (pair) => unescape(pair)))
}

// RFC 8187 §3.2.1.
function readExtended(text: string): string | undefined {
  const [, charset, value] =
    /^(utf-8|iso-8859-1)'[0-9a-z-]*'((?:%[0-9a-f]{2}|[!#$&+.^_`|~0-9a-z-])*)$/i.exec(text) ?? []
  if (value === undefined) return undefined
  const bytes = unescape(value)
  if (charset!.toLowerCase() !== 'utf-8') return bytes
  const read = utf8(bytes)
  return Buffer.from(read).toString('latin1') === bytes ? read : undefined
}

function utf8(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

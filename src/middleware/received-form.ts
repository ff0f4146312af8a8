// A multipart form as it is received: fields become text, each file goes to the store as it comes, no faster than that
// takes it. Whatever the default store has kept is removed in the end.
import { discardStored, storePart } from '#store'
import { addRepeated } from '../core/add-repeated.js'
import { between } from '../core/between.js'
import { mergeParams, type Params } from '../core/params.js'
import { protocolError } from '../core/protocol-error.js'
import { allLimits, decodeMultipart, type MultipartLimits } from '../form/decode-multipart.js'
import type { MultipartPart } from '../form/incoming-part.js'
import type { RequestBody } from '../ring/contract.js'

/** Takes a file's data, and resolves to what is to be known of it. What it does not read is skipped. */
export type Store = (part: MultipartPart) => Promise<object>

/** A file, and what the store returned: by default `tempfile`, a path; where there is no file system `bytes`. */
export interface FileParam {
  /** As the sender named it: never a path to write to. '' for an input that was left empty. */
  filename: string
  /** As the sender says; text/plain where it does not. */
  contentType: string
  /** Bytes. */
  size: number
  /** The path of a temporary file, by the default store of Node, Bun and Deno. */
  tempfile?: string
  /** The data, by the default store where there are no files. */
  bytes?: Uint8Array
  [stored: string]: unknown
}

/** Where files go, and how much is taken. */
export interface MultipartParamsOptions extends MultipartLimits {
  /** Where files go (default: temporary files, or memory where there is no file system). */
  store?: Store
  /** Bytes of all fields together, which are held in memory (default 8 MiB). */
  maxFieldsSize?: number
}

type Received = { part: MultipartPart; value: string | object }

export class ReceivedForm {
  private readonly store: Store
  private readonly maxFieldsSize: number
  private readonly limits: Required<MultipartLimits>
  private readonly received: Received[] = []
  private fieldsSize = 0

  constructor({ store = storePart, maxFieldsSize, ...limits }: MultipartParamsOptions) {
    this.store = store
    this.maxFieldsSize = between(maxFieldsSize, 'maxFieldsSize', 0, Number.POSITIVE_INFINITY, 8 * 1024 * 1024)
    this.limits = allLimits(limits)
  }

  /**
   * @param stated its Content-Length
   * @throws ProtocolError; what the body throws; what the store throws
   */
  async read(body: RequestBody, type: string, stated = 0): Promise<Params<string | FileParam>> {
    if (stated > this.limits.maxTotal) throw protocolError('MULTIPART_TOO_LARGE')
    for await (const part of decodeMultipart(body, type, this.limits)) {
      const value = part.filename === undefined ? await this.readField(part) : await this.store(part)
      this.received.push({ part, value })
    }
    return this.params()
  }

  private async readField(part: MultipartPart): Promise<string> {
    const text = await part.text()
    this.fieldsSize += part.size
    if (this.fieldsSize > this.maxFieldsSize) throw protocolError('FIELDS_TOO_LARGE')
    return text
  }

  // A part's size is known only when the parts are at their end.
  private params(): Params<string | FileParam> {
    const params = mergeParams<string | FileParam>()
    for (const { part, value } of this.received) {
      addRepeated(params, part.name!, typeof value === 'string' ? value : fileParam(part, value))
    }
    return params
  }

  /** Removes what the default store has kept. */
  async discard(): Promise<void> {
    if (this.store !== storePart) return
    const files = this.received.flatMap(({ value }) => (typeof value === 'object' ? [value] : []))
    await Promise.all(files.map((file) => discardStored(file)))
  }
}

function fileParam({ filename, contentType, size }: MultipartPart, stored: object): FileParam {
  return { filename: filename!, contentType, size, ...stored }
}

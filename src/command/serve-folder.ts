// A folder of files as a handler: types, validators, conditional requests, ranges, index pages and listings.
import { hash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { reasonOf } from '../core/status.js'
import { fileType } from '../io/file-type.js'
import type { Handler, RingRequest, RingResponse } from '../ring/contract.js'
import { type ByteRange, byteRange } from './byte-range.js'
import { Folder, type FoundFile } from './folder.js'
import { listing } from './listing.js'
import { pathNames } from './path-names.js'
import { failedPrecondition, isRangeOfThis, type Validators } from './preconditions.js'

export interface FolderOptions {
  /** Whether a folder without index.html is answered with a page that lists what is in it (default true). */
  readonly lists?: boolean
  /** Whether names that begin with a dot are served and listed (default false). */
  readonly dotfiles?: boolean
}

/** Every answer is asked for anew, at the cost of a 304: files are edited here. */
const COMMON = { 'Cache-Control': 'no-cache', 'X-Content-Type-Options': 'nosniff' }

const READ_SIZE = 256 * 1024

/** Milliseconds within which a file may change twice and keep its times: clocks of file systems tick, some by two seconds. */
const UNSETTLED_MS = 2000

const statuses: Readonly<Record<string, number>> = {
  ENOENT: 404,
  ENOTDIR: 404,
  ENAMETOOLONG: 404,
  ELOOP: 404,
  ENXIO: 404,
  EACCES: 403,
  EPERM: 403,
}

/**
 * Makes a handler that serves the files in the folder at `root`, and nothing outside it: GET and HEAD.
 *
 * @throws the file system's error where there is no folder at `root`, a TypeError where it is something else
 */
export function serveFolder(root: string, { lists = true, dotfiles = false }: FolderOptions = {}): Handler {
  const folder = new Folder(root, dotfiles)
  return async (req) => {
    if (req.requestMethod !== 'get' && req.requestMethod !== 'head') return plain(405, { Allow: 'GET, HEAD' })
    const names = pathNames(req.uri)
    if (names === undefined) return plain(400)
    try {
      return await answer(folder, lists, req, names)
    } catch (error) {
      const status = statuses[(error as NodeJS.ErrnoException).code ?? '']
      if (status === undefined) throw error
      return plain(status)
    }
  }
}

async function answer(
  folder: Folder,
  lists: boolean,
  req: RingRequest,
  names: readonly string[],
): Promise<RingResponse> {
  const found = await folder.find(names)
  if (typeof found !== 'string') return sendFile(req, names.at(-1)!, found)
  if (names.at(-1) !== '') return plain(301, { Location: withSlash(names.at(-1)!, req.queryString) })
  const index = await folder.find([...names, 'index.html']).catch((error) => {
    if (statuses[error.code] !== 404) throw error
  })
  if (typeof index === 'object') return sendFile(req, 'index.html', index)
  return lists ? page(listing(`/${names.join('/')}`, await folder.list(found))) : plain(404)
}

// Relative, and with a name in front that has no colon: it leads nowhere but into this folder.
function withSlash(name: string, query: string | undefined): string {
  return `${encodeURIComponent(name)}/${query === undefined ? '' : `?${query}`}`
}

function page(body: string): RingResponse {
  const policy = "default-src 'none'; style-src 'unsafe-inline'"
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy }
  return { headers: { ...COMMON, ...headers }, body }
}

function plain(status: number, headers: Record<string, string> = {}): RingResponse {
  const type = { 'Content-Type': 'text/plain; charset=utf-8' }
  return { status, headers: { ...COMMON, ...type, ...headers }, body: `${status} ${reasonOf(status)}\n` }
}

// The file is sent from the handle by which its size and times were read, so they are the same file's.
async function sendFile(req: RingRequest, name: string, { handle, stats }: FoundFile): Promise<RingResponse> {
  const size = Number(stats.size)
  const { part, ...response } = describe(req, name, size, validatorsOf(stats))
  if (part && part.end > part.start && req.requestMethod === 'get') {
    const { start, end } = part
    return { ...response, body: handle.createReadStream({ start, end: end - 1, highWaterMark: READ_SIZE }) }
  }
  await handle.close()
  return response
}

// A change after the file has settled gives it another ctime, which nobody can set: its tag is strong then. Before, it is weak.
function validatorsOf({ dev, ino, size, ctimeNs, ctimeMs, mtimeMs }: BigIntStats): Validators {
  const now = Date.now()
  const tag = `"${hash('sha1', `${dev} ${ino} ${size} ${ctimeNs}`, 'base64')}"`
  const modified = Math.min(Number(mtimeMs), now)
  return {
    etag: now - Number(ctimeMs) < UNSETTLED_MS ? `W/${tag}` : tag,
    modified: modified - (modified % 1000),
  }
}

// The answer, but for the body; `part` is what is to be sent of the file, or would be of GET.
function describe(
  { requestMethod, headers: fields }: RingRequest,
  name: string,
  size: number,
  validators: Validators,
): RingResponse & { part?: ByteRange } {
  const headers = {
    ...COMMON,
    'Accept-Ranges': 'bytes',
    ETag: validators.etag,
    'Last-Modified': new Date(validators.modified).toUTCString(),
  }
  const failed = failedPrecondition(fields, validators)
  if (failed === 304) return { status: 304, headers }
  if (failed) return plain(failed, headers)
  const isRange = requestMethod === 'get' && isRangeOfThis(fields, validators)
  const range = isRange ? byteRange(fields.range, size) : undefined
  if (range === null) return plain(416, { ...headers, 'Content-Range': `bytes */${size}` })
  const part = range ?? { start: 0, end: size }
  return {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'Content-Type': typeOf(name),
      'Content-Length': part.end - part.start,
      ...(range && { 'Content-Range': `bytes ${part.start}-${part.end - 1}/${size}` }),
    },
    part,
  }
}

function typeOf(name: string): string {
  const type = fileType(name)
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}

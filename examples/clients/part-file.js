// A file that is not whole yet: FILE.part, and beside it FILE.part.json, which says of what it is a part. Only bytes of
// one version may be put together, and a strong ETag is what tells versions apart (RFC 9110 §13.1.5): without one
// there is no going on.

import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'

/** What an earlier try has left of this URL, or nothing yet. @throws where the part is one of something else */
export async function findPart(target, url) {
  const part = new PartFile(target, url)
  await part.find()
  return part
}

class PartFile {
  size = 0 // bytes that are there and of use
  etag = undefined

  constructor(target, url) {
    this.target = target
    this.url = url
    this.path = `${target}.part`
    this.notePath = `${target}.part.json`
  }

  async find() {
    if (!existsSync(this.path)) return
    const note = await readNote(this.notePath)
    if (note.url !== this.url) throw new Error(`${this.path} is there already, and of something else`)
    if (!note.etag) return
    this.etag = note.etag
    this.size = (await stat(this.path)).size
  }

  /** If-Range: where the file is another one by now, all of it is sent. */
  rangeFields() {
    return this.size > 0 ? { Range: `bytes=${this.size}-`, 'If-Range': this.etag } : {}
  }

  /** Whether a 206 with these fields is of the same version, begins where this part ends, and comes to the end. */
  goesOnWith(headers) {
    const [, start, end, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range']) ?? []
    const isSame = headers.etag === undefined || headers.etag === this.etag
    return this.size > 0 && isSame && Number(start) === this.size && Number(end) === Number(total) - 1
  }

  /** Forgets what there was. The ETag is noted last: a note that has one never speaks of bytes of another version. */
  async startAnew(etag) {
    await this.note({ url: this.url })
    await writeFile(this.path, '')
    this.size = 0
    this.etag = typeof etag === 'string' && etag.startsWith('"') ? etag : undefined // W/"…" is a weak one
    if (this.etag) await this.note({ url: this.url, etag })
  }

  note(value) {
    return writeFile(this.notePath, `${JSON.stringify(value)}\n`)
  }

  /** The bytes that are there. */
  read(signal) {
    return this.size > 0 ? createReadStream(this.path, { signal }) : []
  }

  /** Writes the pieces as they come, and shows each to `look`. */
  async append(pieces, look) {
    const counted = async function* () {
      for await (const piece of pieces) {
        this.size += piece.length
        look(piece)
        yield piece
      }
    }
    await pipeline(counted.call(this), createWriteStream(this.path, { flags: 'a' }))
  }

  async becomeWhole() {
    await rename(this.path, this.target)
    await rm(this.notePath)
  }

  /** Whether a next try can go on from here. What would be of no use to it is removed. */
  async isKept() {
    if (!existsSync(this.path)) return false
    if (this.etag && this.size > 0) return true
    await rm(this.path)
    await rm(this.notePath)
    return false
  }
}

async function readNote(path) {
  try {
    return JSON.parse(await readFile(path, 'utf8')) ?? {}
  } catch {
    return {} // there is none, or it is none of ours
  }
}

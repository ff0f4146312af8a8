// The crawl: a queue that grows while it is worked off, so many links at a time. The pages of one site are read and add
// to it; whatever else they link to is only asked for, by HEAD where that is answered.

import { Links } from './links.js'
import { readPage } from './page-links.js'

const maxIds = 200_000 // kept of all pages; in pages beyond, fragments are not looked for

export class Crawl {
  links = new Links()
  looked = 0 // links
  pages = 0 // that were read
  #queue
  #site // origin of the page that the first link leads to
  #ids = new Map() // URL of a page that was read → what fragments may name there
  #idCount = 0
  #options

  /** @param options client; connections, maxPages; timeout in ms; signal; onLooked, called after each link */
  constructor(start, options) {
    this.#options = options
    this.#queue = [this.links.note(start)]
  }

  /** Settles when there is nothing more to look at, or the signal says that it is enough. */
  async run() {
    const { connections, signal } = this.#options
    const busy = new Set()
    do {
      while (busy.size < connections && this.#queue.length > 0 && !signal.aborted) {
        const looking = this.#look(this.#queue.shift()).finally(() => busy.delete(looking))
        busy.add(looking)
      }
      await Promise.race(busy)
    } while (busy.size > 0 || (this.#queue.length > 0 && !signal.aborted))
  }

  /** Of links to pages that were read: fragments that name nothing there, and where those stand. */
  missingFragments(link) {
    const ids = this.#ids.get(link.end)
    return ids ? [...link.fragments].filter(([fragment]) => !isNamed(ids, fragment)) : []
  }

  async #look(link) {
    const answer = await this.#ask(link)
    const { status, headers, body, error, opts } = answer
    if (this.#options.signal.aborted) return

    link.end = withoutFragment(opts.url)
    link.path = opts.traceRedirects ? [...opts.traceRedirects.slice(1), link.end] : []
    if (error) link.problem = [error.code, error.cause?.code].filter(Boolean).join(' ')
    else if (status >= 400) link.problem = String(status)

    if (this.#isPage(link, headers)) await this.#read(link, answer)
    else await body?.cancel().catch(() => {}) // what became of the rest is of no interest
    this.looked++
    this.#options.onLooked()
  }

  async #ask({ url }) {
    const { client, maxPages, signal, timeout } = this.#options
    const options = {
      as: 'stream', // a page is read as it comes, and of all else not even that
      timeout,
      deadline: 3 * timeout, // for those who send a byte now and then
      signal,
      userAgent: 'check-links (an example of httpkit-wasm)',
      allowInsecureRedirects: true, // nothing is sent that anybody could not see
    }
    if (this.#isOurs(url) && this.pages < maxPages) return client.get(url, options)
    const answer = await client.head(url, options)
    const hasNoHead = answer.status === 405 || answer.status === 501
    return hasNoHead ? client.get(url, options) : answer
  }

  #isOurs(url) {
    return this.#site === undefined || new URL(url).origin === this.#site
  }

  #isPage({ problem, end }, headers) {
    if (problem || !/^(text\/html|application\/xhtml\+xml)\b/i.test(headers['content-type'])) return false
    this.#site ??= new URL(end).origin
    return this.#isOurs(end) && !this.#ids.has(end) && this.pages < this.#options.maxPages
  }

  async #read(link, { headers, body }) {
    this.pages++
    this.#ids.set(link.end, undefined) // so that nobody reads it twice
    try {
      const { links, base, ids } = await readPage(body, headers['content-type'], link.end)
      this.#keep(link.end, ids)
      for (const href of links) {
        const found = this.links.note(href, base, link.end)
        if (found) this.#queue.push(found)
      }
    } catch (error) {
      if (!this.#options.signal.aborted) link.problem = error.code
    }
  }

  #keep(page, ids) {
    if (ids === undefined || this.#idCount + ids.size > maxIds) return
    this.#idCount += ids.size
    this.#ids.set(page, ids)
  }
}

function withoutFragment(address) {
  const url = new URL(address)
  url.hash = ''
  return url.href
}

function isNamed(ids, fragment) {
  if (ids.has(fragment)) return true
  try {
    return ids.has(decodeURIComponent(fragment))
  } catch {
    return false
  }
}

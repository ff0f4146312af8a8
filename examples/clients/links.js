// The links of a crawl: every URL once, with the pages it stands on and, when it has been looked at, what came of it.

const maxLinks = 20_000 // fragments counted in: a site that makes up links as it goes must come to an end, too
const maxPages = 3 // named of those that a link stands on; the others are counted

export class Links {
  #byUrl = new Map() // without fragments
  #fragments = 0
  omitted = 0 // links too many

  get size() {
    return this.#byUrl.size
  }

  [Symbol.iterator]() {
    return this.#byUrl.values()
  }

  /**
   * Notes what stands on a page. Where that is no way to a page (mailto: and the like), nothing is.
   *
   * @param base what it is relative to
   * @returns the link, if it is new and can be asked for
   */
  note(href, base, page) {
    if (!URL.canParse(href, base))
      return void this.#find(href.replace(/\p{Cc}/gu, ' '), 'No URL')?.places.add(page)
    const url = new URL(href, base)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return
    const fragment = fragmentOf(url)
    url.hash = ''

    const before = this.size
    const link = this.#find(url.href)
    link?.places.add(page)
    if (link && fragment) this.#placesOf(link, fragment)?.add(page)
    return this.size > before ? link : undefined
  }

  #find(url, problem) {
    if (this.#byUrl.has(url)) return this.#byUrl.get(url)
    if (this.#isFull()) return
    const link = { url, problem, path: [], places: new Places(), fragments: new Map() }
    this.#byUrl.set(url, link)
    return link
  }

  #placesOf(link, fragment) {
    if (link.fragments.has(fragment)) return link.fragments.get(fragment)
    if (this.#isFull()) return
    this.#fragments++
    link.fragments.set(fragment, new Places())
    return link.fragments.get(fragment)
  }

  #isFull() {
    if (this.size + this.#fragments < maxLinks) return false
    this.omitted++
    return true
  }
}

/** Where something stands: the first pages by name, and how many more there are. */
class Places {
  pages = []
  more = 0
  #last

  // The links of a page come in one go: it is enough to remember the last.
  add(page) {
    if (page === undefined || page === this.#last) return
    this.#last = page
    if (this.pages.length < maxPages) this.pages.push(page)
    else this.more++
  }
}

// What a browser makes of them itself, and what scripts do (#!/route), names nothing that is in the page.
function fragmentOf({ hash }) {
  const fragment = hash.slice(1).replace(/:~:.*/, '')
  return /^([!/]|top$)/i.test(fragment) ? '' : fragment
}

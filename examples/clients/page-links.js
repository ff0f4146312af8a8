// What a page of HTML links to, and what can be linked to in it, read by htmlparser2 as the bytes come: the page itself
// is never held.

import { Parser } from 'htmlparser2'

const maxSize = 4 * 1024 * 1024 // bytes; what a page has beyond is not read

const linkOf = {
  a: 'href',
  area: 'href',
  audio: 'src',
  embed: 'src',
  iframe: 'src',
  img: 'src',
  link: 'href',
  script: 'src',
  source: 'src',
  track: 'src',
  video: 'src',
}

/**
 * @param body a stream of bytes
 * @param url where the page came from
 * @returns links: as they stand there; base: the URL that they are relative to; ids: what fragments may name,
 *   undefined where the page is too long to tell
 */
export async function readPage(body, contentType, url) {
  const links = new Set()
  const ids = new Set()
  let base

  const parser = new Parser({
    onopentag(name, attributes) {
      const { id, href, rel } = attributes
      if (id) ids.add(copyOf(id))
      if (name === 'a' && attributes.name) ids.add(copyOf(attributes.name))
      if (name === 'base' && base === undefined && URL.canParse(href, url)) base = new URL(href, url).href
      const link = attributes[linkOf[name]]
      if (link !== undefined && !/preconnect|dns-prefetch/i.test(rel)) links.add(link) // those name hosts
    },
  })
  const decoder = decoderFor(contentType)
  let size = 0
  for await (const piece of body) {
    parser.write(decoder.decode(piece, { stream: true }))
    size += piece.length
    if (size > maxSize) return { links, base: base ?? url, ids: undefined } // leaving the loop cancels the stream
  }
  parser.end(decoder.decode())
  return { links, base: base ?? url, ids }
}

// A slice keeps the whole piece of the page that it was cut from; ids outlive the page.
const copyOf = (text) => Buffer.from(text).toString()

function decoderFor(contentType) {
  try {
    return new TextDecoder(/charset="?([^\s;"]+)/i.exec(contentType)?.[1])
  } catch {
    return new TextDecoder() // of a charset that nobody knows
  }
}

// What a form sends: wrapMultipartParams gives it to a handler as a map of names. Files go to a store of our own,
// which hashes them and keeps nothing; without one they would be temporary files.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { wrapMultipartParams } from 'httpkit-wasm/middleware'
import { escapeHtml } from '../escape-html.js'
import { pageHeaders as headersOf } from '../pages.js'

const template = readFileSync(new URL('page.html', import.meta.url), 'utf8')

export const pageHeaders = headersOf({ 'form-action': "'self'" })

export const isForm = (req) => /^multipart\/form-data *(;|$)/i.test(req.contentType ?? '')

/** A browser is answered with the page, who takes no pages (curl, a script) with JSON. */
export const readForm = wrapMultipartParams(
  ({ headers, multipartParams }) =>
    headers.accept?.includes('text/html') ? page(reportOf(multipartParams)) : json(multipartParams),
  { store: hashed },
)

// What it returns becomes part of what the handler is told of the file.
async function hashed(part) {
  const hash = createHash('sha256')
  for await (const piece of part) hash.update(piece)
  return { sha256: hash.digest('hex') }
}

/** The page with the form, and below it what came. */
export function page(report = '') {
  const headers = { ...pageHeaders, 'Content-Type': 'text/html; charset=utf-8' }
  return { headers, body: template.replace('<!-- report -->', () => report) }
}

function json(value) {
  const headers = { 'Content-Type': 'application/json', 'X-Content-Type-Options': 'nosniff' }
  return { headers, body: `${JSON.stringify(value, null, 2)}\n` }
}

function reportOf(params) {
  // A name that came more than once has an array.
  const values = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]))
  const texts = values.filter(([, value]) => typeof value === 'string')
  // An input that was left empty sends a file of no name and no bytes.
  const files = values.flatMap(([, value]) => (value.filename || value.size > 0 ? [value] : []))
  return `<h2>What came</h2>
<dl>${texts.map(([name, text]) => `<dt>${shown(name)}</dt><dd>${shown(text)}</dd>`).join('\n')}</dl>
<h3>${files.length === 1 ? '1 file' : `${files.length} files`}</h3>
<ul>${files.map(line).join('\n')}</ul>`
}

const line = ({ filename, contentType, size, sha256 }) =>
  `<li><b>${shown(filename)}</b> <span>${shown(contentType)}, ${size} bytes</span> <code>${sha256}</code></li>`

// Whatever a client says is text: never markup, and in its own direction.
const shown = (text) => `<bdi>${escapeHtml(text)}</bdi>`

// Sends the files of which a page is made, and says what a browser may do with them: use what came from here, and nothing
// else. What a page says of itself in HTML never reaches further than this policy.

import { fileURLToPath } from 'node:url'
import { file } from 'httpkit-wasm'

/** @param sources by directive, what a page may do otherwise: `{ 'connect-src': "'none'" }` */
export function pageHeaders(sources = {}) {
  const policy = Object.entries({ ...strict, ...sources })
  return {
    'Content-Security-Policy': policy.map((directive) => directive.join(' ')).join('; '),
    'X-Content-Type-Options': 'nosniff',
  }
}

const strict = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'connect-src': "'self'",
  'img-src': 'data:',
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
}

/**
 * A handler that sends files.
 *
 * @param files by path of the request: names as seen from this folder, or file URLs
 */
export function pages(files, headers = pageHeaders()) {
  return ({ uri }) => ({ headers, body: file(fileURLToPath(new URL(files[uri], import.meta.url))) })
}

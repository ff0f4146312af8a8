// Node's own fetch: undici of the version that Node was built with, on its default pool, which has no limit: as many
// connections as there are requests at once.

import { openFetch } from './fetch.js'

export function open(url) {
  return openFetch(() => fetch(url))
}

// fetch of the undici package, with an Agent.

import { Agent, fetch } from 'undici'
import { openFetch } from './fetch.js'

export function open(url, connections) {
  const dispatcher = new Agent({ connections })
  return openFetch(() => fetch(url, { dispatcher }))
}

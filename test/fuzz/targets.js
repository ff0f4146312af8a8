// What can be fuzzed: each codec, and the programs that speak over sockets.
export const targets = [
  'request-head',
  'response-head',
  'chunked',
  'query',
  'multipart',
  'frames',
  'utf8',
  'close-payload',
]

export const livePrograms = ['server', 'client', 'websocket']

/** Where a codec's target stands. */
export function targetUrl(name) {
  return new URL(`targets/${name}.js`, import.meta.url).href
}

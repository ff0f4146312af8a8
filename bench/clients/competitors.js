// The clients compared; each is a file beside this one. It exports `open(url, connections)`, which gives three functions, each
// of which makes one GET: `text()` and `json()` resolve to `{ status, body }`, `download(onPiece)` to `{ status }` when the
// last piece has been handed over. All are async functions of their own, whatever a client gives, so that nobody pays
// for a promise that another does not need.

export const clientCompetitors = {
  httpkit: { title: 'httpkit-wasm' },
  null: { title: 'null client' },
  'undici-dispatch': { title: 'undici, Pool.dispatch' },
  'undici-pool': { title: 'undici, Pool.request' },
  'undici-request': { title: 'undici.request' },
  'undici-fetch': { title: 'undici.fetch' },
  'node-fetch': { title: `Node's fetch (undici ${process.versions.undici})` },
  'node-http-agent': { title: 'node:http, Agent' },
  axios: { title: 'axios' },
  got: { title: 'got' },
}

// The answers every competitor gives, and how every one is started: `SERVER PORT SCENARIO`, on loopback only.
// A process serves one scenario, so nobody pays for a routing that its competitor does not have built in.

export const helloText = 'hello world'
export const largeText = 'All work and no play makes a dull 64-byte line, that is for sure\n'
  .repeat(1009)
  .slice(0, 65536)
export const textType = 'text/plain; charset=utf-8'
export const jsonType = 'application/json'
export const keepAliveTimeoutMs = 75_000

export const port = Number(process.argv[2] ?? 0)
export const scenario = process.argv[3] ?? 'hello'

/** Of a competitor's handlers, the one of this process: `json`, `large`, else `hello`. */
export function choose(handlers) {
  return handlers[scenario] ?? handlers.hello
}

export function listening(port) {
  console.log(`listening ${port}`)
}

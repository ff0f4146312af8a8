// What the fuzzer begins with as inputs for everyone's readers: the seeds that its target reads in its first way. Not the
// corpora: what is minimised begins with a byte that is no method elsewhere, and is refused there at once.
import { wayOf } from '../../test/fuzz/engine/way.js'
import { targetUrl } from '../../test/fuzz/targets.js'

const HEAD_OF_CHUNKS = Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')

/** @returns `{ inputs, way }`, both as a reader wants them */
export async function inputsOf(name) {
  const { target } = await import(targetUrl(name))
  const first = Object.values(target.ways ?? {})[0]
  const read = target.seeds().map((text) => wayOf(target, Buffer.from(text, 'latin1')))
  const inputs = read.filter(({ way }) => way === first).map(({ input }) => asWanted(name, input))
  return { inputs, way: first }
}

function asWanted(name, bytes) {
  if (name === 'chunked') return Buffer.concat([HEAD_OF_CHUNKS, bytes])
  return name === 'query' ? bytes.latin1Slice() : bytes
}

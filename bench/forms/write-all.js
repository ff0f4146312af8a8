// How peers that are writable streams are fed.

import { once } from 'node:events'

/** Writes a body, a Buffer or an async iterable, and waits where the stream says so; resolves when all of it is read. */
export async function writeAll(stream, body) {
  const finished = once(stream, 'finish')
  if (!Buffer.isBuffer(body)) {
    for await (const piece of body) {
      if (!stream.write(piece)) await once(stream, 'drain')
    }
    stream.end()
  } else stream.end(body)
  await finished
}

// The other side of child.js: answers what the parent asks, and ends with it.

/** @param works functions by name; what they return, or its promise's value, is the answer */
export function answer(works) {
  process.on('message', async ({ id, what, args }) => {
    try {
      reply({ id, result: await works[what](...args) })
    } catch (error) {
      reply({ id, error: String(error?.stack ?? error) })
    }
  })
  process.on('disconnect', () => process.exit())
}

function reply(message) {
  if (process.connected) process.send(message)
}

/** Bytes that are held after collecting garbage. */
export async function heldBytes() {
  // What has ended in this turn is let go of in the next ones.
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    globalThis.gc()
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

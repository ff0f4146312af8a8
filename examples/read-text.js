/**
 * Reads a whole request body as text, and stops early at one that is too long: `req.body.text()` would take
 * anything up to `maxBody`, which limits.js sets to gigabytes for the upload.
 *
 * @param limit bytes
 * @returns the text, '' where there is no body, undefined when it is longer than `limit`
 */
export async function readText(body, limit) {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const piece of body ?? []) {
    size += piece.byteLength
    if (size > limit) return undefined
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}

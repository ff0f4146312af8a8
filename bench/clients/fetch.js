// What the two fetches have in common: everything but the call.

export function openFetch(fetchIt) {
  return {
    async text() {
      const response = await fetchIt()
      return { status: response.status, body: await response.text() }
    },
    async json() {
      const response = await fetchIt()
      return { status: response.status, body: await response.json() }
    },
    async download(onPiece) {
      const response = await fetchIt()
      for await (const piece of response.body) onPiece(piece)
      return { status: response.status }
    },
  }
}

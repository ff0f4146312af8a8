/** So many at once, each beginning when one has ended; the results in the order of the items. */
export async function sideBySide(atOnce, items, work) {
  const results = []
  const entries = items.entries()
  const next = async () => {
    for (const [index, item] of entries) results[index] = await work(item)
  }
  await Promise.all(Array.from({ length: atOnce }, next))
  return results
}

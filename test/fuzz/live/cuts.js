// Where a stream of bytes is cut into writes, and what happens between them.

const STYLES = { whole: 3, parts: 3, random: 4, few: 3, dribble: 1 }
/** Bytes that are sent one by one where it dribbles. */
const DRIBBLE = 150

/**
 * @param length bytes in all
 * @param ends where parts end
 * @returns {{ at: number, pause: number, deaf?: number }[]} in order: after `at` bytes, so many milliseconds
 */
export function drawCuts(lots, length, ends) {
  const places = placesOf(lots, length, ends)
  const cuts = [...new Set(places)].filter((at) => at > 0 && at < length).sort((a, b) => a - b)
  return cuts.map((at) => ({
    at,
    pause: lots.weighed({ 0: 8, 1: 4, 5: 1, 15: cuts.length > 20 ? 0 : 1 }) * 1,
    ...(lots.chance(0.03) && { deaf: lots.between(1, 40) }),
  }))
}

function placesOf(lots, length, ends) {
  switch (lots.weighed(STYLES)) {
    case 'whole':
      return []
    case 'parts':
      return ends
    case 'few':
      return [lots.below(length + 1), lots.below(length + 1)]
    case 'random':
      return Array.from({ length: lots.between(1, 30) }, () => lots.below(length + 1))
    default: {
      const start = lots.below(length + 1)
      return Array.from({ length: DRIBBLE }, (_, at) => start + at)
    }
  }
}

/** Writes the bytes as they are cut; stops where the other end has gone. `beforeLast` is called before the last write. */
export async function writeCut(peer, bytes, cuts, onCut, beforeLast) {
  let written = 0
  const within = cuts.filter(({ at }) => at < bytes.length)
  for (const cut of [...within, { at: bytes.length, pause: 0 }]) {
    if (peer.hasEnded) break
    if (cut.at === bytes.length) beforeLast?.()
    await peer.write(bytes.subarray(written, cut.at))
    written = cut.at
    if (cut.deaf) peer.deafen(cut.deaf)
    if (cut.at < bytes.length) await peer.pause(cut.pause)
    await onCut?.(cut)
  }
}

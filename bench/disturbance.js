// Which rounds count: those in which others hardly ran on the two cores. Where there is no such round, all do.

// Part of the time that others may run on them, or the hypervisor take from them.
const foreignLimit = 0.05

/** The readings of a round that are of others, and not of who was measured. */
export const aboutTheRound = new Set(['foreign', 'stolen', 'trouble'])

export function isUndisturbed({ foreign, stolen, trouble }) {
  return foreign < foreignLimit && stolen < foreignLimit && trouble === undefined
}

export function countedOf(rounds) {
  const undisturbed = rounds.filter(isUndisturbed)
  return undisturbed.length > 0 ? undisturbed : rounds
}

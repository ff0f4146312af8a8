// The end of a tick's work, once for each who asked for it: what was gathered leaves. However many ask, node is asked once.

export interface TurnTaker {
  turn(): void
}

const due: TurnTaker[] = []
const hasTicks = typeof process === 'object' && typeof process.nextTick === 'function'

/** Has `taker.turn()` called when what is running now has ended. */
export function takeTurn(taker: TurnTaker): void {
  if (due.push(taker) === 1) soon(takeTurns)
}

function soon(callback: () => void): void {
  if (hasTicks) process.nextTick(callback)
  else queueMicrotask(callback)
}

/** Has `callback` called when the event loop has gone round. */
export function nextRound(callback: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(callback)
  else setTimeout(callback, 0)
}

/** The same, but after the promises that are settled by then have been followed too. */
export function takeLateTurn(taker: TurnTaker): void {
  queueMicrotask(() => takeTurn(taker))
}

// Whoever fails costs the others no more than a tick.
function takeTurns(): void {
  const takers = due.splice(0)
  let taken = 0
  try {
    while (taken < takers.length) takers[taken++]!.turn()
  } finally {
    for (const taker of takers.slice(taken)) takeTurn(taker)
  }
}

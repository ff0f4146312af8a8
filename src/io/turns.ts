// The end of a tick's work, once for each who asked for it: what was gathered leaves. However many ask, node is asked once.

export interface TurnTaker {
  turn(): void
}

const due: TurnTaker[] = []

/** Has `taker.turn()` called when what is running now has ended. */
export function takeTurn(taker: TurnTaker): void {
  if (due.push(taker) === 1) process.nextTick(takeTurns)
}

/** The same, but after the promises that are settled by then have been followed too. */
export function takeLateTurn(taker: TurnTaker): void {
  queueMicrotask(() => takeTurn(taker))
}

function takeTurns(): void {
  const takers = due.splice(0)
  for (const taker of takers) taker.turn()
}

// A run of one program: sessions beside an oracle, and at the end the program must be as it was: nothing left open, nothing
// printed, and no more held than at half time.
import { Failure } from '../engine/failure.js'
import { playSessions } from './sessions.js'

/** Bytes by which what the program holds may grow from one half of a run to the other. */
const MAX_GROWTH = 8 * 1024 * 1024

/**
 * @param program.child the program under test @param program.oracle started
 * @param program.play plays a session by its number
 * @param program.demandNothingLeft throws where something is, after a while
 * @returns how many sessions there were, how often the oracle was answered rightly, and by how many bytes the program grew
 */
export async function runLive(name, options, { child, oracle, play, demandNothingLeft }) {
  const held = []
  const atHalf = async () => held.push(await child.ask('heldBytes'))
  const playing = playSessions(name, { ...options, atHalf }, play)
  // Where both fail, whoever comes first is heard.
  playing.catch(() => {})
  const sessions = await Promise.race([playing, oracle.failed])
  await oracle.end()
  await demandNothingLeft()
  await atHalf()
  child.demandSilence()
  return { sessions, oracleAnswers: oracle.answers, slowestMs: oracle.slowestMs, growth: growthOf(held) }
}

function growthOf([half, end]) {
  if (end === undefined) return 0
  if (end - half > MAX_GROWTH)
    throw new Failure('memory', `${half} bytes are held at half time, ${end} at the end`)
  return end - half
}

/** Asks until it is so. @throws Failure 'leak' with what is left, after `patienceMs` */
export async function demandSoon(look, patienceMs = 20_000) {
  const giveUpAt = performance.now() + patienceMs
  for (;;) {
    const left = await look()
    if (left === undefined) return
    if (performance.now() > giveUpAt) throw new Failure('leak', left)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export function demandNothingLogged({ unexpected }) {
  if (unexpected.length > 0) throw new Failure('logged', unexpected.slice(0, 3).join('\n'))
}

/** Counts by name. */
export function tally(counts, ...names) {
  for (const name of names) if (name) counts[name] = (counts[name] ?? 0) + 1
}

// Sessions, some at a time, as many as were asked for or until the time is over; the first that fails ends it all, and says
// how to play it again.
import { Failure } from '../engine/failure.js'

/**
 * @param options.sessions how many; without it they go on for `seconds`
 * @param options.only the one to be played
 * @param options.atOnce how many at a time
 * @param options.atHalf called between the two halves of a run
 * @param play a session by its number
 */
export async function playSessions(name, options, play) {
  const {
    seed,
    seconds = 10,
    sessions = Number.POSITIVE_INFINITY,
    only,
    onProgress,
    atOnce = 8,
    atHalf,
  } = options
  if (only !== undefined) {
    await playOne(name, seed, only, play)
    return 1
  }
  const start = performance.now()
  const isOver = (share, played) =>
    sessions === Number.POSITIVE_INFINITY
      ? performance.now() - start > seconds * 1000 * share
      : played >= Math.ceil(sessions * share)
  let next = 0
  let failure
  for (const share of [0.5, 1]) {
    const lane = async () => {
      while (failure === undefined && !isOver(share, next)) {
        await playOne(name, seed, next++, play).catch((error) => {
          failure ??= error
        })
        onProgress?.({ sessions: next })
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
    if (failure !== undefined) throw failure
    if (share < 1) await atHalf?.()
  }
  return next
}

async function playOne(name, seed, index, play) {
  try {
    await play(index)
  } catch (error) {
    const again = `npm run fuzz -- ${name} --seed ${seed} --session ${index}`
    if (!(error instanceof Failure)) throw new Failure('crash', `${error.stack}\nonce more: ${again}`)
    throw new Failure(error.property, `${detailOf(error)}\nonce more: ${again}`)
  }
}

/** What a failure says beside its property. */
export function detailOf({ property, message }) {
  return message.slice(property.length + 2)
}

/** Tries a plan without one part after another, as long as the failure stays; a few times, and not for long. */
export async function reduced(plan, parts, failure, play) {
  const giveUpAt = performance.now() + 15_000
  let kept = parts
  for (let at = kept.length - 1; at >= 0 && performance.now() < giveUpAt; at--) {
    const fewer = kept.toSpliced(at, 1)
    if (await failsAlike(plan, fewer, failure, play)) kept = fewer
  }
  return kept
}

async function failsAlike(plan, parts, { property }, play) {
  try {
    await play(plan, parts)
    return false
  } catch (error) {
    return error instanceof Failure && error.property === property
  }
}

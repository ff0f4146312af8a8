// Code against code, each candidate in a process of its own on one core and all of them in turn: a table of what an input
// costs each, and one of ratios.

import { ask, cores, start, stop } from './children.js'
import { fixed, geometricMean, median, rotated, table } from './figures.js'

/**
 * Measures every candidate on every input, once a round. One that fails is told of and left out.
 *
 * @param candidates each with a name, a title, and the arguments that Node takes to start it: on a message with an `input`
 * and a time in `ms` it answers with `ns`
 * @returns those measured, each with `medians` and `rounds`: ns, in the inputs' order
 */
export async function measureInTurn(candidates, { inputs, rounds, seconds }) {
  const running = candidates.map(startOne)
  for (let round = 0; round < rounds; round++) {
    for (const input of inputs) {
      for (const candidate of rotated(running, round)) await measureOnce(candidate, input, seconds * 1000)
    }
  }
  for (const { child } of running) await stop(child)
  const measured = running.filter(({ failure }) => !failure)
  return measured.map(({ name, title, rounds }) => ({
    name,
    title,
    medians: inputs.map((input) => median(rounds.get(input))),
    rounds: inputs.map((input) => rounds.get(input)),
  }))
}

/**
 * The same as results are kept, each input a scenario.
 *
 * @param of.unit of what was timed; `of.group` is what the inputs have in common, its `name` comes before theirs
 */
export function scenariosOf(inputs, candidates, { name, group, unit }) {
  return inputs.map((input, n) => ({
    name: name ? `${name}/${input}` : input,
    title: input,
    group,
    units: { ns: unit },
    competitors: candidates.map(({ name, title, medians, rounds }) => {
      return { name, title, medians: { ns: medians[n] }, rounds: rounds[n].map((ns) => ({ ns })) }
    }),
  }))
}

function startOne({ name, title, args, env }) {
  const child = start(process.execPath, args, { core: cores.server, env, ipc: true })
  return { name, title, child, rounds: new Map() }
}

async function measureOnce(candidate, input, ms) {
  if (candidate.failure) return
  try {
    const { ns } = await ask(candidate.child, { input, ms })
    const { rounds } = candidate
    rounds.set(input, [...(rounds.get(input) ?? []), ns])
  } catch (error) {
    candidate.failure = error
    console.log(`${candidate.title} is left out: ${error.message}`)
  }
}

/**
 * @param comparisons pairs of names: the time of the first is divided by that of the second
 * @returns undefined where none of the pairs was measured
 */
export function tableOfRatios(inputs, candidates, comparisons) {
  const rows = []
  for (const [slower, faster] of comparisons) {
    const [one, other] = [slower, faster].map((name) => candidates.find((each) => each.name === name))
    if (!one || !other) continue
    const ratios = one.medians.map((ns, n) => ns / other.medians[n])
    rows.push([
      `${one.title} ÷ ${other.title}`,
      ...[...ratios, geometricMean(ratios)].map((ratio) => fixed(ratio, 2)),
    ])
  }
  return rows.length > 0 ? table(['time', ...inputs, 'geometric mean'], rows) : undefined
}

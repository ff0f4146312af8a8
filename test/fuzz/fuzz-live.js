// Fuzzes one program over sockets and tells what came of it.

/** @returns whether something went wrong */
export async function fuzzLive(name, { seed, seconds, session }) {
  const { live } = await import(`./live/${name}.js`)
  try {
    const counts = await live.run({ seed, seconds, only: session })
    const told = Object.entries(counts).map(([what, count]) => `${what}: ${JSON.stringify(count)}`)
    console.log(`${name.padEnd(14)} ${told.join(', ')}`)
    return false
  } catch (error) {
    console.log(`\n${name}: ${error.stack}\n`)
    return true
  }
}

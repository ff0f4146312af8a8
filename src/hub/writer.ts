// Who publishes to a topic: a process, for as long as it remembers the topic. A process that has forgotten it counts from 1
// again, under another name, so that a name and a number mean one message for ever.

/** Characters of a process's own name, the first of each of its writers' names. */
const PROCESS_LENGTH = 10

/** What a writer's name looks like. */
export const WRITER = '[0-9a-z]{11,18}'

const isName = new RegExp(`^[0-9a-z]{${PROCESS_LENGTH}}$`)

/** A name for this process that no other has: 51 bits by chance. */
export function newProcess(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(PROCESS_LENGTH))
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join('')
}

export function isProcess(name: unknown): name is string {
  return typeof name === 'string' && isName.test(name)
}

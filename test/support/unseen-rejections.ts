// Promises that are rejected with no one there to see it: Node's event, which Bun and Deno have too, or the one of browsers.
import { nextTurn } from './multipart-source.js'

type Note = (reason: unknown) => void

interface Host {
  process?: {
    on?(name: 'unhandledRejection', note: Note): void
    off(name: 'unhandledRejection', note: Note): void
  }
}

/** The errors of those that come about while `work` goes on, and right after it. */
export async function unseenRejections(work: () => Promise<void>): Promise<unknown[]> {
  const unseen: unknown[] = []
  const stop = listen((reason) => void unseen.push(reason))
  try {
    await work()
    await nextTurn()
    await nextTurn()
  } finally {
    stop()
  }
  return unseen
}

function listen(note: Note): () => void {
  const { process: node } = globalThis as Host
  if (node?.on) {
    node.on('unhandledRejection', note)
    return () => node.off('unhandledRejection', note)
  }
  const onEvent = (event: PromiseRejectionEvent): void => note(event.reason)
  addEventListener('unhandledrejection', onEvent)
  return () => removeEventListener('unhandledrejection', onEvent)
}

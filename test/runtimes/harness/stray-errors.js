// Errors that nobody waits for: promises rejected with no one there, and what callbacks throw. Node tells of them in its own
// way; Bun and Deno know that one, too.

export function watchErrors() {
  const errors = []
  const take = (error) => void errors.push(error)
  const takeEvent = (event) => {
    event.preventDefault?.()
    errors.push(event.reason ?? event.error)
  }
  const isNode = typeof process === 'object' && typeof process.on === 'function'
  const names = isNode ? ['unhandledRejection', 'uncaughtException'] : ['unhandledrejection', 'error']
  for (const name of names) {
    if (isNode) process.on(name, take)
    else globalThis.addEventListener?.(name, takeEvent)
  }
  return {
    end() {
      for (const name of names) {
        if (isNode) process.off(name, take)
        else globalThis.removeEventListener?.(name, takeEvent)
      }
      return errors
    },
  }
}

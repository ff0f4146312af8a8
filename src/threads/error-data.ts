// Errors between threads. Cloning keeps neither an error's code nor its name, and fails for what cannot be cloned; so an error
// goes as data: its name, message and stack, its cause, and what else it says in plain values, such as a code.

export interface ErrorData {
  error: { name: string; message: string; stack: string | undefined; cause?: ErrorData } | undefined
  /** An error's further properties; else what was thrown. */
  value: unknown
}

/** What was thrown, as data that can be cloned. */
export function errorData(thrown: unknown): ErrorData {
  try {
    return dataOf(thrown, 0)
  } catch {
    return { error: undefined, value: 'what was thrown cannot be told' }
  }
}

function dataOf(thrown: unknown, depth: number): ErrorData {
  if (!(thrown instanceof Error))
    return { error: undefined, value: isPlain(thrown) ? thrown : String(thrown) }
  const { name, message, stack, cause } = thrown
  const error = { name: String(name), message: String(message), stack: stack && String(stack) }
  const value = Object.fromEntries(Object.entries(thrown).filter(([, property]) => isPlain(property)))
  // A chain of causes may lead back to its begin.
  const goesOn = cause !== undefined && depth < 8
  return { error: goesOn ? { ...error, cause: dataOf(cause, depth + 1) } : error, value }
}

const KINDS = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]

/** What was thrown on the other side. */
export function errorOf({ error, value }: ErrorData): unknown {
  if (error === undefined) return value
  const { name, message, stack, cause } = error
  const options = cause && { cause: errorOf(cause) }
  const Kind = KINDS.find((kind) => kind.name === name) ?? Error
  const hidden = (text: unknown) => ({ value: text, configurable: true, writable: true })
  const made = Object.defineProperties(new Kind(message, options), {
    name: hidden(name),
    stack: hidden(stack),
  })
  return Object.assign(made, value)
}

function isPlain(value: unknown): boolean {
  return (
    value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')
  )
}

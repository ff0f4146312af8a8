/** What no name in a path may be or hold, once decoded: steps, separators of any system, NUL, a drive. */
const FORBIDDEN = /^\.\.?$|[/\\\0]|^[a-z]:/i

/**
 * The names in a path, decoded once, the last '' where it ends with '/'; undefined for a path that is not made of such: a '.' or
 * '..', an empty name, an escape that is none or no UTF-8 (RFC 3629 §3). Clients take steps out of a path before they send it.
 */
export function pathNames(path: string): string[] | undefined {
  try {
    const [root, ...names] = path.split('/').map(decodeURIComponent)
    const isPath = root === '' && names.length > 0 && !names.slice(0, -1).includes('')
    return isPath && !names.some((name) => FORBIDDEN.test(name)) ? names : undefined
  } catch {
    return undefined
  }
}

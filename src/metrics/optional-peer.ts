// A package that only some users need: taken when it is, from where it is installed. Not by `import`: bundlers would demand it of
// everybody.

/** @throws Error that says how to install it */
export function optionalPeer<T>(name: string, purpose: string): T {
  try {
    return process.getBuiltinModule('node:module').createRequire(import.meta.url)(name) as T
  } catch (cause) {
    throw new Error(`${purpose} needs ${name}: npm install ${name}`, { cause })
  }
}

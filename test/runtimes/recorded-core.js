// Which core a runtime has compiled: imported before anything of the package, this keeps what is given to WebAssembly.Module.

const given = []
const { Module } = WebAssembly

WebAssembly.Module = class extends Module {
  constructor(bytes) {
    super(bytes)
    given.push(bytes)
  }
}

/** The SHA-256 of the bytes; empty where the core was imported as a module; a list where more than one was compiled. */
export async function compiledCore() {
  const sums = await Promise.all(given.map(sha256))
  return [...new Set(sums)].join(', ')
}

async function sha256(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// The core's instance, however this runtime takes WebAssembly: as bytes that are compiled here, or as a module that was
// compiled before. Where it takes none, whoever reads the error is told what to change.
import { instantiateSync } from '@assemblyscript/loader'

/** A module of nothing but one SIMD instruction. */
const SIMD = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0],
  ...[65, 0, 253, 15, 253, 98, 11],
)

/**
 * @param source bytes, or a WebAssembly.Module, which may be of another realm
 * @returns the instance's exports, as they are: the loader's wrappers cost more than the shortest calls
 */
export function load(source: unknown): unknown {
  if (typeof WebAssembly !== 'object') {
    throw new Error(
      'httpkit-wasm needs WebAssembly, which is not there: run it without --jitless or the like',
    )
  }
  if (!(source instanceof Uint8Array)) return instantiate(demandModule(source))
  try {
    return instantiateSync(source, {}).instance.exports
  } catch (cause) {
    throw new Error(`httpkit-wasm cannot compile its core: ${remedy()}`, { cause })
  }
}

function instantiate(module: WebAssembly.Module): unknown {
  return new WebAssembly.Instance(module, {}).exports
}

function demandModule(source: unknown): WebAssembly.Module {
  if (Object.prototype.toString.call(source) === '[object WebAssembly.Module]')
    return source as WebAssembly.Module
  throw new TypeError(
    `httpkit-wasm: core.wasm was imported as ${kindOf(source)}, and is wanted as a WebAssembly.Module: have .wasm files ` +
      'imported as modules (workerd: wasm, or a CompiledWasm rule; edge functions: ?module)',
  )
}

function kindOf(source: unknown): string {
  if (source instanceof ArrayBuffer) return 'data'
  return source === undefined
    ? 'nothing (undefined)'
    : typeof source === 'object'
      ? 'an object'
      : `a ${typeof source}`
}

function remedy(): string {
  return WebAssembly.validate(SIMD)
    ? "allow it ('wasm-unsafe-eval' in a Content-Security-Policy), or bundle with the condition workerd or edge-light, " +
        'under which core.wasm is imported'
    : 'this runtime, or its processor, lacks WebAssembly SIMD, which Node 16.4, Chrome 91, Firefox 89, Safari 16.4 and later have'
}

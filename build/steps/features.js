// The WebAssembly features that the core is made of: those that asc uses, which Node 20 has.
import binaryen from 'binaryen'

const { BulkMemory, BulkMemoryOpt, MutableGlobals, NontrappingFPToInt, SIMD128, SignExt } = binaryen.Features

export const FEATURES = BulkMemory | BulkMemoryOpt | MutableGlobals | NontrappingFPToInt | SIMD128 | SignExt

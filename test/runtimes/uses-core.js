// The smallest program that needs the core.

import { parseQuery } from 'httpkit-wasm/core'

export const run = async () => parseQuery('loaded=yes')

// A CommonJS module in TypeScript that loads the package by import(), which all versions know.
import type { HttpServer } from 'httpkit-wasm' with { 'resolution-mode': 'import' }

export async function serve(): Promise<HttpServer> {
  const { runServer } = await import('httpkit-wasm')
  const { ProtocolError } = await import('httpkit-wasm/core')
  return runServer(() => {
    throw new ProtocolError('MINE', 'of our own')
  })
}

// @ts-expect-error no such name
import('httpkit-wasm').then(({ startServer }) => startServer)

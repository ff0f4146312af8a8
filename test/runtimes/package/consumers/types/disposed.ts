// A server that ends with the block that it was made in: `await using`.
import { runServer } from 'httpkit-wasm/server'

export async function briefly(): Promise<number> {
  await using server = await runServer(() => ({ body: 'Hello' }), { port: 0 })
  return server.port
}

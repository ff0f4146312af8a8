// What a bundle for Node is made of: a server, asked by the client.
import { get, runServer } from 'httpkit-wasm'
import { validUtf8 } from 'httpkit-wasm/core'

const serve = async () => {
  const server = await runServer(({ uri }) => ({ body: `at ${uri}` }), { port: 0, ip: '127.0.0.1' })
  const { status, body } = await get(`http://127.0.0.1:${server.port}/here`, { as: 'text' })
  await server.stop()
  console.log(JSON.stringify([status, body, validUtf8(new Uint8Array([0xff]))]))
}
serve()

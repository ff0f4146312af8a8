// Whether several may listen on one port here. A runtime that does not know the option says nothing, and the second process would
// fail, or be alone; so it is tried.
import { type AddressInfo, createServer, type Server } from 'node:net'

let tried: Promise<void> | undefined

/** @throws Error where the runtime, or the operating system, does not have SO_REUSEPORT for sockets of node:net */
export function demandReusePort(): Promise<void> {
  tried ??= listenTwice().catch((cause) => {
    throw new Error('reusePort is not to be had here: it needs Node 22.12 or 23.1, and Linux or a BSD', {
      cause,
    })
  })
  return tried
}

async function listenTwice(): Promise<void> {
  const first = await listening(0)
  try {
    const second = await listening((first.address() as AddressInfo).port)
    second.close()
  } finally {
    first.close()
  }
}

// Exclusive: a worker of node:cluster would get the same listener again.
function listening(port: number): Promise<Server> {
  const options = { host: '127.0.0.1', port, reusePort: true, exclusive: true }
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject).listen(options, () => resolve(server))
  })
}

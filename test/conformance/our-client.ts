// Our client as an end under test, a raw server before it.
import { openWebSocket } from '../../src/client.js'
import { serveRawWebSocket } from '../support/raw-websocket.js'
import { echo, limits, type Side } from './sides.js'

export const ourClient: Side = async ({ compression = false, answer }) => {
  const { handlers, closed } = echo()
  const server = await serveRawWebSocket(undefined, { headers: { 'Sec-WebSocket-Extensions': answer } })
  const [peer] = await Promise.all([
    server.peer(),
    openWebSocket(server.url, handlers, { ...limits, compression }),
  ])
  return { peer, closed, offered: peer.request.headers['sec-websocket-extensions'], accepted: answer }
}

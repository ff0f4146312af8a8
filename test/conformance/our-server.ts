// Our server as an end under test, a raw client before it.
import { asChannel } from '../../src/server.js'
import { serve } from '../support/raw-peer.js'
import { connectRawWebSocket } from '../support/raw-websocket.js'
import { echo, limits, type Side } from './sides.js'

export const ourServer: Side = async ({ compression = false, offer }) => {
  const { handlers, closed } = echo()
  const server = await serve((req) => asChannel(req, handlers), { ...limits, compression })
  const peer = await connectRawWebSocket(server.port, { headers: { 'Sec-WebSocket-Extensions': offer } })
  return { peer, closed, offered: offer, accepted: peer.answer.header('Sec-WebSocket-Extensions') }
}

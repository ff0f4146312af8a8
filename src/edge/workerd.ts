// workerd's WebSockets: a pair, of which one end goes to the client with the answer. Ours is open from the start: what is sent
// before the client is there waits in between.
import type { PlatformSocketOwner } from './platform-socket.js'
import { listen, platformSocket, type StandardSocket } from './standard-socket.js'

declare const WebSocketPair: (new () => { 0: StandardSocket; 1: StandardSocket }) | undefined

export function hasWorkerd(): boolean {
  return typeof WebSocketPair === 'function'
}

export function workerdUpgrade(headers: Headers, owner: PlatformSocketOwner): Response {
  const { 0: client, 1: socket } = new WebSocketPair!()
  listen(socket, owner)
  socket.accept!()
  owner.onOpen(platformSocket(socket))
  return new Response(null, { status: 101, headers, webSocket: client } as ResponseInit)
}

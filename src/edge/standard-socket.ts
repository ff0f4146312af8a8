// The Web's WebSocket, as Deno and workerd give it to a server.
import { ABNORMAL } from '../core/close.js'
import type { PlatformSocket, PlatformSocketOwner } from './platform-socket.js'

export type StandardSocket = WebSocket & {
  /** workerd's: it is to be read here. */
  accept?(): void
}

export function listen(socket: StandardSocket, owner: PlatformSocketOwner): void {
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
    owner.onMessage(typeof data === 'string' ? data : new Uint8Array(data))
  })
  socket.addEventListener('close', ({ code, reason }) => owner.onClose(code, reason))
  // A close follows, though in workerd not always.
  socket.addEventListener('error', () => owner.onClose(ABNORMAL, ''))
}

export function platformSocket(socket: StandardSocket): PlatformSocket {
  return {
    get bufferedAmount() {
      return socket.bufferedAmount ?? 0
    },
    send: (data) => socket.send(data as Uint8Array<ArrayBuffer>),
    close: (code, reason) => close(socket, code, reason),
  }
}

// Where the Web's rule holds, by which a script sends 1000 and 3000 to 4999 alone, 1001 is sent as 4001, and so on.
function close(socket: StandardSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason)
  } catch {
    socket.close(code + 3000, reason)
  }
}

// A server that takes every handshake, and a log of what its callbacks were told, in order.
//
//   const { server, open, sessions } = await serveChannels(handlers, options)     through asChannel
//   const { peer, channel, log } = await open()              a raw peer, the server's channel for it, the channel's log
//   const { server, open } = await serveListeners(listener, options)               through Ring's { listener }
//   const { peer, socket, log } = await open()
//
//   await eventually(() => log).toEqual([['open'], ['message', 'hi'], ['close', 'normal', 1000, 'bye']])
//
// Binary messages and the payloads of pings and pongs are logged as Buffers. The handlers given are called after the
// entry is made; what onReceive and onMessage return is returned.
import { Buffer } from 'node:buffer'
import {
  asChannel,
  type Channel,
  type ChannelHandlers,
  type ServerOptions,
  type WebSocketListener,
  type WebSocketSocket,
} from '../../src/server.js'
import { type PeerAddress, serve, type TestServer } from './raw-peer.js'
import { connectRawWebSocket, type HandshakeOptions, type RawWebSocket } from './raw-websocket.js'
import { until } from './waiting.js'

export type Entry = readonly [what: string, ...details: unknown[]]

export interface ChannelSession {
  channel: Channel
  log: Entry[]
}

export interface ListenerSession {
  socket: WebSocketSocket
  log: Entry[]
}

export interface Served<Session> {
  server: TestServer
  /** Those opened so far. */
  sessions: Session[]
  /** Connects, and settles when the session is open. */
  open(options?: HandshakeOptions): Promise<Session & { peer: RawWebSocket }>
}

const shown = (message: string | Uint8Array): string | Buffer =>
  typeof message === 'string' ? message : Buffer.from(message)

/** Handlers that log, and then call those given. */
export function loggingHandlers(log: Entry[], handlers: ChannelHandlers = {}): ChannelHandlers {
  return {
    ...handlers,
    onOpen(channel) {
      log.push(['open'])
      return handlers.onOpen?.(channel)
    },
    onReceive(channel, message) {
      log.push(['message', shown(message)])
      return handlers.onReceive?.(channel, message)
    },
    onPing(channel, data) {
      log.push(['ping', shown(data)])
      handlers.onPing?.(channel, data)
    },
    onPong(channel, data) {
      log.push(['pong', shown(data)])
      handlers.onPong?.(channel, data)
    },
    onClose(channel, status, code, reason) {
      log.push(['close', status, code, reason])
      handlers.onClose?.(channel, status, code, reason)
    },
  }
}

export async function serveChannels(
  handlers: ChannelHandlers = {},
  options: ServerOptions = {},
): Promise<Served<ChannelSession>> {
  const sessions: ChannelSession[] = []
  const server = await serve((req) => {
    const log: Entry[] = []
    const logging = loggingHandlers(log, handlers)
    return asChannel(req, {
      ...logging,
      onOpen(channel) {
        sessions.push({ channel, log })
        return logging.onOpen?.(channel)
      },
    })
  }, options)
  return { server, sessions, open: opener(server, sessions, options.path) }
}

export async function serveListeners(
  listener: WebSocketListener = {},
  options: ServerOptions = {},
): Promise<Served<ListenerSession>> {
  const sessions: ListenerSession[] = []
  const server = await serve(() => ({ listener: loggingListener(sessions, listener) }), options)
  return { server, sessions, open: opener(server, sessions, options.path) }
}

function loggingListener(sessions: ListenerSession[], listener: WebSocketListener): WebSocketListener {
  const log: Entry[] = []
  return {
    onOpen(socket) {
      log.push(['open'])
      sessions.push({ socket, log })
      return listener.onOpen?.(socket)
    },
    onMessage(socket, message) {
      log.push(['message', shown(message)])
      return listener.onMessage?.(socket, message)
    },
    onPing(socket, data) {
      log.push(['ping', shown(data)])
      listener.onPing?.(socket, data)
    },
    onPong(socket, data) {
      log.push(['pong', shown(data)])
      listener.onPong?.(socket, data)
    },
    onError(socket, error) {
      log.push(['error', error.message])
      listener.onError?.(socket, error)
    },
    onClose(socket, code, reason) {
      log.push(['close', code, reason])
      listener.onClose?.(socket, code, reason)
    },
  }
}

function opener<Session>(server: TestServer, sessions: Session[], path: string | undefined) {
  return async (options?: HandshakeOptions): Promise<Session & { peer: RawWebSocket }> => {
    const before = sessions.length
    const address: PeerAddress = path ?? server.port
    const peer = await connectRawWebSocket(address, options)
    await until(() => sessions.length > before)
    return { ...sessions[before]!, peer }
  }
}

// A socket to a server: directly or through a proxy's tunnel, plain or with TLS.
import { connect, isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { errorOf, HttpKitError } from './error.js'
import type { Route } from './route.js'
import type { Target } from './target.js'
import { openTunnel } from './tunnel.js'

/** Where a socket leads. */
export type SocketAddress = { host: string; port: number } | { path: string }

/** What a client has to say of all its sockets. */
export interface Network {
  /** Finds the server of a URL (default: its host and port, by DNS). */
  addressFinder?: ((url: URL) => SocketAddress | Promise<SocketAddress>) | undefined
  /** Makes the connection, with TLS where `tls` is given (default: a new socket). */
  connect?: ((address: SocketAddress, tls?: ConnectionOptions) => Duplex | Promise<Duplex>) | undefined
  /** The address to connect from. */
  bindAddress?: string | undefined
  /** `node:tls` options for all requests. */
  tls?: ConnectionOptions | undefined
}

/**
 * Connects. Whoever calls this owns the sockets that `onSocket` is given, and destroys the last to give up.
 *
 * @returns the socket, ready to be spoken on
 * @throws HttpKitError ERR_CONNECT, ERR_TLS or ERR_PROXY
 */
export async function dial(
  route: Route,
  network: Network,
  onSocket: (socket: Duplex) => void,
): Promise<Socket> {
  const { address, proxy, isTunnelled } = route
  const dialling = new Dialling(route, network, onSocket)
  if (proxy === undefined) return dialling.open(await dialling.find(), address)
  const way = await dialling.open(proxy, proxy)
  if (!isTunnelled) return way
  await openTunnel(way, address, proxy.credentials)
  return address.isSecure ? dialling.secure(way, address.host) : way
}

class Dialling {
  private readonly route: Route
  private readonly network: Network
  private readonly onSocket: (socket: Duplex) => void

  constructor(route: Route, network: Network, onSocket: (socket: Duplex) => void) {
    this.route = route
    this.network = network
    this.onSocket = onSocket
  }

  async find(): Promise<SocketAddress> {
    const { path, address } = this.route
    const { addressFinder } = this.network
    if (path !== undefined) return { path }
    if (addressFinder === undefined) return { host: address.host, port: address.port }
    try {
      return await addressFinder(new URL(address.href))
    } catch (error) {
      throw errorOf('ERR_CONNECT', error, 'addressFinder failed')
    }
  }

  /** A socket to `where`, for what is called `target` there. */
  async open(where: SocketAddress, target: Target): Promise<Socket> {
    const at: SocketAddress = 'path' in where ? { path: where.path } : { host: where.host, port: where.port }
    if (this.network.connect) return this.openOwn(this.network.connect, at, target)
    const socket = connect({ ...at, ...this.localAddress, noDelay: true, allowHalfOpen: true })
    this.onSocket(socket)
    const named = 'path' in at ? at.path : `${at.host}:${at.port}`
    await ready(socket, 'connect', 'ERR_CONNECT', `cannot connect to ${named}`)
    return target.isSecure ? this.secure(socket, target.host) : socket
  }

  private get localAddress(): { localAddress?: string } {
    const { bindAddress } = this.network
    return bindAddress === undefined ? {} : { localAddress: bindAddress }
  }

  private async openOwn(
    open: NonNullable<Network['connect']>,
    at: SocketAddress,
    target: Target,
  ): Promise<Socket> {
    try {
      const stream = await (target.isSecure ? open(at, this.tlsOptions(target.host)) : open(at))
      if (typeof stream?.pipe !== 'function' || typeof stream.write !== 'function')
        throw new TypeError('connect has returned no Duplex')
      if (stream.destroyed) throw new Error('connect has returned what is closed')
      this.onSocket(stream)
      if ('connecting' in stream && stream.connecting) {
        const event = target.isSecure ? 'secureConnect' : 'connect'
        await ready(stream, event, 'ERR_CONNECT', 'connect failed')
      }
      return stream as Socket
    } catch (error) {
      throw errorOf('ERR_CONNECT', error, 'connect failed')
    }
  }

  async secure(socket: Socket, host: string): Promise<TLSSocket> {
    const secured = this.start(socket, host)
    this.onSocket(secured)
    return ready(secured, 'secureConnect', 'ERR_TLS', `no TLS with ${host}`)
  }

  private start(socket: Socket, host: string): TLSSocket {
    try {
      return connectTls({ ...this.tlsOptions(host), socket })
    } catch (error) {
      socket.destroy()
      throw errorOf('ERR_TLS', error, 'bad TLS options')
    }
  }

  // An address is in no SNI, and is looked for among the certificate's addresses (RFC 6066 §3).
  private tlsOptions(host: string): ConnectionOptions {
    return {
      ALPNProtocols: ['http/1.1'],
      ...(isIP(host) ? { host } : { host, servername: host }),
      ...this.network.tls,
      ...this.route.tls,
      ...(this.route.insecure && { rejectUnauthorized: false }),
    }
  }
}

function ready<T extends Duplex>(
  socket: T,
  event: 'connect' | 'secureConnect',
  code: 'ERR_CONNECT' | 'ERR_TLS',
  message: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      reject(cause instanceof Error ? errorOf(code, cause, message) : new HttpKitError(code, message))
    }
    const onClose = (): void => fail()
    socket.once('error', fail).once('close', onClose)
    socket.once(event, () => {
      socket.off('error', fail).off('close', onClose)
      resolve(socket)
    })
  })
}

// A socket to a server: directly or through a proxy's tunnel, plain or with TLS.
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { openSocket, secureSocket } from '#runtime'
import type { ByteSocket } from '../io/socket.js'
import { errorOf, HttpKitError } from './error.js'
import type { Route } from './route.js'
import { isAddress, type Target } from './target.js'
import { openTunnel } from './tunnel.js'

/** Where a socket leads. */
export type SocketAddress = { host: string; port: number } | { path: string }

/** What a client has to say of all its sockets. */
export interface Network {
  /** Finds the server of a URL (default: its host and port, by DNS). */
  addressFinder?: ((url: URL) => SocketAddress | Promise<SocketAddress>) | undefined
  /** Makes the connection, with TLS where `tls` is given (default: a new socket). */
  connect?: ((address: SocketAddress, tls?: ConnectionOptions) => Duplex | Promise<Duplex>) | undefined
  /** The address to connect from. Not in workerd. */
  bindAddress?: string | undefined
  /** `node:tls` options for all requests. Not in workerd. */
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
  onSocket: (socket: ByteSocket) => void,
): Promise<ByteSocket> {
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
  private readonly onSocket: (socket: ByteSocket) => void

  constructor(route: Route, network: Network, onSocket: (socket: ByteSocket) => void) {
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
  async open(where: SocketAddress, target: Target): Promise<ByteSocket> {
    const at: SocketAddress = 'path' in where ? { path: where.path } : { host: where.host, port: where.port }
    if (this.network.connect) return this.openOwn(this.network.connect, at, target)
    const message = `cannot connect to ${'path' in at ? at.path : `${at.host}:${at.port}`}`
    const socket = this.begin(at, target, message)
    this.onSocket(socket)
    await ready(socket, 'connect', 'ERR_CONNECT', message)
    return target.isSecure ? this.secure(socket, target.host) : socket
  }

  private begin(at: SocketAddress, { host, isSecure }: Target, message: string): ByteSocket {
    const { isTunnelled, address } = this.route
    try {
      return openSocket(at, {
        bindAddress: this.network.bindAddress,
        serverName: isSecure ? host : undefined,
        isTunnel: isTunnelled === true && address.isSecure,
      })
    } catch (error) {
      throw errorOf('ERR_CONNECT', error, message)
    }
  }

  private async openOwn(
    open: NonNullable<Network['connect']>,
    at: SocketAddress,
    target: Target,
  ): Promise<ByteSocket> {
    try {
      const stream: Partial<Duplex> = await (target.isSecure
        ? open(at, this.tlsOptions(target.host))
        : open(at))
      if (typeof stream?.pipe !== 'function' || typeof stream.write !== 'function')
        throw new TypeError('connect has returned no Duplex')
      if (stream.destroyed) throw new Error('connect has returned what is closed')
      const socket = stream as ByteSocket
      this.onSocket(socket)
      if ('connecting' in stream && stream.connecting) {
        const event = target.isSecure ? 'secureConnect' : 'connect'
        await ready(socket, event, 'ERR_CONNECT', 'connect failed')
      }
      return socket
    } catch (error) {
      throw errorOf('ERR_CONNECT', error, 'connect failed')
    }
  }

  async secure(socket: ByteSocket, host: string): Promise<ByteSocket> {
    const secured = this.start(socket, host)
    this.onSocket(secured)
    return ready(secured, 'secureConnect', 'ERR_TLS', `no TLS with ${host}`)
  }

  private start(socket: ByteSocket, host: string): ByteSocket {
    try {
      return secureSocket(socket, this.tlsOptions(host))
    } catch (error) {
      socket.destroy()
      throw errorOf('ERR_TLS', error, 'bad TLS options')
    }
  }

  // An address is in no SNI, and is looked for among the certificate's addresses (RFC 6066 §3).
  private tlsOptions(host: string): ConnectionOptions {
    return {
      ALPNProtocols: ['http/1.1'],
      ...(isAddress(host) ? { host } : { host, servername: host }),
      ...this.network.tls,
      ...this.route.tls,
      ...(this.route.insecure && { rejectUnauthorized: false }),
    }
  }
}

function ready(
  socket: ByteSocket,
  event: 'connect' | 'secureConnect',
  code: 'ERR_CONNECT' | 'ERR_TLS',
  message: string,
): Promise<ByteSocket> {
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

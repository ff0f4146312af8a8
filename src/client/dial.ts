// A socket to a server: directly or through a proxy's tunnel, plain or with TLS.
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { credentialsOf } from './credentials.js'
import { HttpKitError } from './error.js'
import { type Target, targetOf } from './target.js'
import { openTunnel } from './tunnel.js'

export interface DialOptions {
  /** Accept any certificate; the name is still sent. */
  insecure?: boolean
  /** `node:tls` options: ca, cert, key … */
  tls?: ConnectionOptions
  /** An HTTP proxy to tunnel through; `user:pass@` is sent as Proxy-Authorization. */
  proxyUrl?: string
}

export interface ProxyTarget extends Target {
  /** For Proxy-Authorization. */
  readonly credentials: string | undefined
}

/** @throws TypeError for what is no http: or https: URL; URIError for userinfo that cannot be decoded */
export function proxyOf(proxyUrl: string): ProxyTarget {
  const url = new URL(proxyUrl)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`not a proxy's URL: ${proxyUrl}`)
  return { ...targetOf(url), credentials: credentialsOf(url) }
}

/**
 * Connects. Whoever calls this owns the socket that `onSocket` is given, and destroys it to give up.
 *
 * @returns the socket, ready to be spoken on
 * @throws HttpKitError ERR_CONNECT, ERR_TLS or ERR_PROXY
 */
export async function dial(
  target: Target,
  proxy: ProxyTarget | undefined,
  options: DialOptions,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  const socket = await reach(proxy ?? target, onSocket)
  const secured = (socket: Socket, { host, isSecure }: Target): Socket | Promise<Socket> =>
    isSecure ? secure(socket, host, options, onSocket) : socket
  if (proxy === undefined) return secured(socket, target)
  const way = await secured(socket, proxy)
  await openTunnel(way, target, proxy.credentials)
  return secured(way, target)
}

function reach({ host, port }: Target, onSocket: (socket: Socket) => void): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  onSocket(socket)
  return ready(socket, 'connect', 'ERR_CONNECT', `cannot connect to ${host}:${port}`)
}

function secure(
  socket: Socket,
  host: string,
  { insecure, tls }: DialOptions,
  onSocket: (socket: Socket) => void,
): Promise<TLSSocket> {
  const options = {
    ALPNProtocols: ['http/1.1'],
    ...(isIP(host) ? { host } : { servername: host }),
    ...tls,
    ...(insecure && { rejectUnauthorized: false }),
  }
  const secured = connectTls({ ...options, socket })
  onSocket(secured)
  return ready(secured, 'secureConnect', 'ERR_TLS', `no TLS with ${host}`)
}

function ready<T extends Socket>(
  socket: T,
  event: 'connect' | 'secureConnect',
  code: 'ERR_CONNECT' | 'ERR_TLS',
  message: string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (cause?: unknown): void => {
      const reason = cause instanceof Error ? `: ${cause.message}` : ''
      reject(new HttpKitError(code, message + reason, { cause }))
    }
    const onClose = (): void => fail()
    socket.once('error', fail).once('close', onClose)
    socket.once(event, () => {
      socket.off('error', fail).off('close', onClose)
      resolve(socket)
    })
  })
}

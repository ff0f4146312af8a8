// A socket to a server: directly or through a proxy's tunnel, plain or with TLS.
import { connect, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { HttpKitError } from './error.js'
import { openTunnel } from './tunnel.js'

export interface DialOptions {
  /** Accept any certificate; the name is still sent. */
  insecure?: boolean
  /** `node:tls` options: ca, cert, key … */
  tls?: ConnectionOptions
  /** An HTTP proxy to tunnel through; `user:pass@` is sent as Proxy-Authorization. */
  proxyUrl?: string
}

export interface Target {
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
}

/** Host and port of a URL, without brackets, its scheme's port where it has none. */
export function targetOf(url: URL): Target {
  const isSecure = url.protocol === 'https:' || url.protocol === 'wss:'
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
  }
}

/**
 * Connects. Whoever calls this owns the socket that `onSocket` is given, and destroys it to give up.
 *
 * @returns the socket, ready to be spoken on
 * @throws HttpKitError ERR_CONNECT, ERR_TLS or ERR_PROXY
 */
export async function dial(
  target: Target,
  options: DialOptions,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  if (options.proxyUrl === undefined) {
    const socket = await reach(target, onSocket)
    return target.isSecure ? secure(socket, target, options, onSocket) : socket
  }
  const proxyUrl = new URL(options.proxyUrl)
  const proxy = targetOf(proxyUrl)
  const bare = await reach(proxy, onSocket)
  const socket = proxy.isSecure ? await secure(bare, proxy, options, onSocket) : bare
  await openTunnel(socket, target, proxyUrl)
  return target.isSecure ? secure(socket, target, options, onSocket) : socket
}

function reach({ host, port }: Target, onSocket: (socket: Socket) => void): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
  onSocket(socket)
  return ready(socket, 'connect', 'ERR_CONNECT', `cannot connect to ${host}:${port}`)
}

function secure(
  socket: Socket,
  { host }: Target,
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

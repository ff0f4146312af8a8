// How a request reaches its server: directly, over a Unix socket, by a proxy or through its tunnel, with which TLS. Requests of
// the same route share connections.
import type { ConnectionOptions } from 'node:tls'
import { demandSocketOptions } from '#runtime'
import type { Address } from './address.js'
import type { RequestOptions } from './options.js'
import { type ProxyTarget, proxyOf } from './proxy.js'
import { proxyFromEnvironment } from './proxy-environment.js'
import { demandTlsOptions } from './tls-options.js'

export interface Route {
  /** Connections may serve all requests whose route has the same. */
  readonly key: string
  readonly address: Address
  /** Of a Unix domain socket. */
  readonly path?: string | undefined
  readonly proxy?: ProxyTarget | undefined
  /** The proxy is asked for a tunnel rather than for the resource. */
  readonly isTunnelled?: boolean
  readonly insecure?: boolean | undefined
  readonly tls?: ConnectionOptions | undefined
}

/** @throws TypeError for a bad proxy, path or TLS option */
export function routeOf(address: Address, options: RequestOptions): Route {
  const { unixSocket, proxyUrl, proxyHost, insecure, tls } = options
  const isPlain =
    unixSocket === undefined &&
    proxyUrl === undefined &&
    proxyHost === undefined &&
    !insecure &&
    tls === undefined &&
    !options.proxyFromEnvironment
  return isPlain ? { key: address.origin, address } : particularRoute(address, options)
}

function particularRoute(address: Address, options: RequestOptions): Route {
  const { unixSocket: path, insecure = false, tls } = options
  if (path !== undefined && (typeof path !== 'string' || path === ''))
    throw new TypeError('unixSocket is a path')
  demandTlsOptions(tls)
  demandSocketOptions({ unixSocket: path, insecure, tls })
  const proxy = path === undefined ? chosenProxy(address, options) : undefined
  const isTunnelled = proxy !== undefined && (address.isSecure || options.tunnel === true)
  const server = proxy === undefined || isTunnelled ? address.origin : ''
  const way = proxy === undefined ? (path ?? '') : `${isTunnelled ? 'tunnel' : 'proxy'} ${proxy.url}`
  return {
    key: `${server} ${way} ${insecure ? 'insecure' : ''} ${tls === undefined ? '' : idOf(tls)}`,
    ...{ address, path, proxy, isTunnelled, insecure, tls },
  }
}

function chosenProxy(address: Address, options: RequestOptions): ProxyTarget | undefined {
  const { proxyUrl, proxyHost, proxyPort } = options
  if (proxyUrl !== undefined) return proxyOf(String(proxyUrl))
  if (proxyHost !== undefined) {
    if (typeof proxyHost !== 'string') throw new TypeError('proxyHost is a name')
    const host = /^https?:\/\//i.test(proxyHost) ? proxyHost : `http://${proxyHost}`
    return proxyOf(proxyPort === undefined ? host : `${host.replace(/\/$/, '')}:${proxyPort}`)
  }
  return options.proxyFromEnvironment ? proxyFromEnvironment(address, environment()) : undefined
}

// Which there is none of where there are no processes.
function environment(): Readonly<Record<string, string | undefined>> {
  return typeof process === 'object' ? process.env : {}
}

// TLS options are told apart by which object they are: what is in them cannot be compared.
const ids = new WeakMap<object, number>()
let lastId = 0

function idOf(tls: object): number {
  let id = ids.get(tls)
  if (id === undefined) ids.set(tls, (id = ++lastId))
  return id
}

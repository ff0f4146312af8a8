// The world outside a page: hosts that its blocks speak to are handlers here, over http and https alike, and whatever port its
// servers ask for, they are given a free one, which is found under the name of the other. Nothing leaves the machine.
import { execFileSync } from 'node:child_process'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { runServer } from 'httpkit-wasm/server'

const net = createRequire(import.meta.url)('node:net')
const tls = createRequire(import.meta.url)('node:tls')
const HERE = /^(localhost|127\.0\.0\.1|::1|0\.0\.0\.0)$/

// The port asked for, to the one that was given.
const ports = new Map()
let hosts = {}
const servers = []
let authority

/** The port that a server of the page's has in truth. */
export const portFor = (port) => ports.get(Number(port)) ?? Number(port)

/** The certificate that the world's hosts are known by. */
export const certificate = () => authority

/**
 * Puts up the hosts.
 *
 * @param handlers by the hosts' names; `host:port` is one that speaks no TLS
 * @param given ports of this machine, by the numbers that the page has for them
 */
export async function beginWorld(handlers, given) {
  for (const [asked, port] of Object.entries(given)) ports.set(Number(asked), port)
  for (const [name, handler] of Object.entries(handlers)) {
    if (/:\d+$/.test(name)) hosts = { ...hosts, [name]: await serve(handler) }
  }
  const names = Object.keys(handlers).filter((name) => !/:\d+$/.test(name))
  if (names.length > 0) {
    const key = keyFor(names)
    authority = key.slice(key.indexOf('-----BEGIN CERT'))
    const handler = (req) => handlers[req.serverName](req)
    const [plain, secure] = [await serve(handler), await serve(handler, { key, cert: key })]
    for (const name of names) hosts = { ...hosts, [`${name}:80`]: plain, [`${name}:443`]: secure }
  }
  redirectSockets()
}

export const endWorld = () => Promise.all(servers.map((server) => server.stop()))

async function serve(handler, tls) {
  const server = await runServer(handler, { ip: '127.0.0.1', port: 0, ...(tls && { tls }) })
  servers.push(server)
  return server.port
}

// A key, and a certificate of it for these hosts, as one text, of which OpenSSL takes what it needs.
function keyFor(names) {
  const subject = names.map((name) => `DNS:${name}`).join()
  const kind = ['-x509', '-nodes', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const about = ['-subj', `/CN=${names[0]}`, '-addext', `subjectAltName=${subject}`]
  return execFileSync('openssl', ['req', ...kind, ...about, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

function redirectSockets() {
  const { connect } = net.Socket.prototype
  net.Socket.prototype.connect = function (...args) {
    // net.connect hands over options and callback as a list.
    const list = Array.isArray(args[0])
    const [options] = list ? args[0] : args
    const found = options.path === undefined ? { ...options, ...whereIs(options) } : options
    if (list) args[0][0] = found
    else args = [found, ...args.filter((arg) => typeof arg === 'function')]
    return connect.apply(this, args)
  }
  const { listen } = net.Server.prototype
  net.Server.prototype.listen = function (...args) {
    const options = typeof args[0] === 'object' ? args[0] : { port: args[0] }
    if (!options.port) return listen.apply(this, args)
    this.prependOnceListener('listening', () => ports.set(Number(options.port), this.address().port))
    return listen.call(this, { ...options, port: 0 }, ...args.filter((arg) => typeof arg === 'function'))
  }
  const secure = tls.connect
  tls.connect = (options, ...rest) =>
    typeof options === 'object' && authority
      ? secure({ ca: authority, ...options }, ...rest)
      : secure(options, ...rest)
  syncBuiltinESMExports()
}

function whereIs({ host = 'localhost', port }) {
  if (HERE.test(host)) return { port: portFor(port) }
  const found = hosts[`${host}:${port}`]
  if (found === undefined) throw new Error(`the page speaks to ${host}:${port}, which its world has not`)
  return { host: '127.0.0.1', port: found, lookup: undefined }
}

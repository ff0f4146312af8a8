// The variables that name proxies, as curl reads them; only for those who ask for it.
import { type ProxyTarget, proxyOf } from './proxy.js'
import { isAddress, type Target } from './target.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The proxy for a target, or undefined where it is reached directly. @throws TypeError for one that is no URL */
export function proxyFromEnvironment(target: Target, environment: Environment): ProxyTarget | undefined {
  const either = (name: string): string | undefined => environment[name] || environment[name.toUpperCase()]
  // HTTP_PROXY in upper case is what CGI makes of a request's Proxy field.
  const proxy = (target.isSecure ? either('https_proxy') : environment.http_proxy) || either('all_proxy')
  if (!proxy || isExcepted(target, either('no_proxy') ?? '')) return undefined
  return proxyOf(/^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`)
}

function isExcepted(target: Target, exceptions: string): boolean {
  return exceptions
    .split(/[\s,]+/)
    .some((exception) => exception === '*' || (exception !== '' && matches(target, exception.toLowerCase())))
}

// A host, a domain with all below it, or an address; each may have a port.
function matches({ host, port }: Target, exception: string): boolean {
  const [, name, itsPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(
    /^(?!\[).*:.*:/.test(exception) ? `[${exception}]` : exception,
  )!
  if (itsPort !== undefined && Number(itsPort) !== port) return false
  const domain = name!.replace(/^\*?\./, '')
  return host === domain || (!isAddress(host) && host.endsWith(`.${domain}`))
}

// An HTTP proxy, as its URL names it.
import { credentialsOf } from './credentials.js'
import { type Target, targetOf } from './target.js'

export interface ProxyTarget extends Target {
  readonly url: string
  /** For Proxy-Authorization. */
  readonly credentials: string | undefined
}

/** @throws TypeError for what is no http: or https: URL; URIError for userinfo that cannot be decoded */
export function proxyOf(proxyUrl: string): ProxyTarget {
  if (!URL.canParse(proxyUrl)) throw new TypeError("not a proxy's URL")
  const url = new URL(proxyUrl)
  if (!/^https?:$/.test(url.protocol)) throw new TypeError("not a proxy's URL: http: and https: are spoken")
  return { ...targetOf(url), url: url.href, credentials: credentialsOf(url) }
}

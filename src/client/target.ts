// Where a URL leads.

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

/** Whether it is no name: what a URL says of a host is one of the two, or ends in letters. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}

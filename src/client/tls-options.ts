/** @throws TypeError for what cannot be `node:tls` options, of a client or of a request */
export function demandTlsOptions(tls: unknown): void {
  if (tls !== undefined && (typeof tls !== 'object' || tls === null))
    throw new TypeError('tls is a map of node:tls options')
}

// A certificate for localhost, made by openssl when it is asked for.
import { spawnSync } from 'node:child_process'

const REQUEST =
  'req -x509 -nodes -days 2 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -subj /CN=localhost'

/** A self-signed one as { key, cert }; undefined where there is no openssl. */
export function makeCertificate() {
  const { status, stdout } = spawnSync('openssl', [...REQUEST.split(' '), '-keyout', '-', '-out', '-'])
  if (status !== 0) return undefined
  const pem = stdout.toString()
  const part = (label) => new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(pem)[0]
  return { key: part('PRIVATE KEY'), cert: part('CERTIFICATE') }
}

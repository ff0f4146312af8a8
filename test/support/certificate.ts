// A certificate for localhost, made by openssl when a test asks for it, so that none lies in the repository.
import { execFileSync, spawnSync } from 'node:child_process'

export interface Certificate {
  key: string
  cert: string
}

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

/** Self-signed, for localhost and 127.0.0.1; it is its own authority. */
export function makeCertificate(): Certificate {
  const pem = execFileSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-nodes',
        '-days',
        '2',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
      ],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ...['-keyout', '-', '-out', '-'],
    ],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  return { key: part(pem, 'PRIVATE KEY'), cert: part(pem, 'CERTIFICATE') }
}

function part(pem: string, label: string): string {
  return new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----\n`).exec(pem)![0]
}

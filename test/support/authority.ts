// A certificate authority of a test's own, made by openssl when a test asks for it: certificates for any name and any
// time, and for clients, that are good where `ca` is trusted and nowhere else.
//
//   const authority = makeAuthority()
//   const { key, cert } = authority.issue({ names: ['localhost'], addresses: ['127.0.0.1', '::1'] })
//   connect({ ca: authority.ca })
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Certificate } from './certificate.js'

export interface Authority {
  /** Its own certificate, as PEM. */
  readonly ca: string
  issue(wanted: Wanted): Certificate
}

export interface Wanted {
  /** What it is good for; the first is its subject's common name. */
  names?: readonly string[]
  addresses?: readonly string[]
  /** The two years that it lies between. */
  from?: number
  to?: number
}

const algorithm = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']

// `openssl ca` is the one command that dates a certificate in the past in every version.
const settings = `
[ca]
default_ca = authority
[authority]
database = ./index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = copy
[anything]
commonName = supplied
`

export function makeAuthority(): Authority {
  const { cert: ca, key } = inFolder((folder, openssl) => {
    const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']
    const added = extensions.flatMap((extension) => ['-addext', extension])
    openssl(
      'req',
      '-x509',
      '-days',
      '2',
      ...algorithm,
      '-subj',
      '/CN=Authority of a test',
      ...added,
      ...saved,
    )
    return read(folder)
  })
  return { ca, issue: (wanted) => issue({ cert: ca, key }, wanted) }
}

const saved = ['-keyout', 'key.pem', '-out', 'cert.pem']

function issue(authority: Certificate, { names = [], addresses = [], from, to }: Wanted): Certificate {
  const now = new Date().getUTCFullYear()
  const dates = ['-startdate', dateOf(from ?? now - 1), '-enddate', dateOf(to ?? now + 1)]
  const alternatives = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)]
  return inFolder((folder, openssl) => {
    writeFileSync(join(folder, 'ca.conf'), settings)
    writeFileSync(join(folder, 'index.txt'), '')
    writeFileSync(join(folder, 'ca.pem'), authority.cert)
    writeFileSync(join(folder, 'ca-key.pem'), authority.key)
    const subject = ['-subj', `/CN=${names[0] ?? addresses[0]}`]
    const extension = ['-addext', `subjectAltName=${alternatives.join(',')}`]
    openssl(
      'req',
      '-new',
      ...algorithm,
      ...subject,
      ...extension,
      '-keyout',
      'key.pem',
      '-out',
      'request.pem',
    )
    const signer = ['-cert', 'ca.pem', '-keyfile', 'ca-key.pem']
    const about = ['-batch', '-notext', '-config', 'ca.conf', ...signer, ...dates]
    openssl('ca', ...about, '-in', 'request.pem', '-out', 'cert.pem')
    return read(folder)
  })
}

const dateOf = (year: number): string => `${year}0101000000Z`

function read(folder: string): Certificate {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name), 'utf8'))
  return { key: key!, cert: cert! }
}

function inFolder<T>(work: (folder: string, openssl: (...args: string[]) => void) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-authority-'))
  try {
    return work(folder, (...args) => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

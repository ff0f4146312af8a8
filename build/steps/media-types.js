// Writes build/media-types.js: file extension to media type, from mime-db, for what is really served and uploaded. All
// texts, pictures, sounds, films and fonts; of the applications, which are many and mostly obscure, the known ones, for the
// package is to stay small. An unknown extension is application/octet-stream.
import { writeFileSync } from 'node:fs'
import mimeDb from 'mime-db'

const WORTH_KEEPING =
  /^(text|image|audio|video|font)\/(?!vnd\.)|^image\/vnd\.microsoft\.icon$|openxmlformats|opendocument\.\w+$/
const APPLICATIONS = new Set(
  `atom+xml epub+zip geo+json gpx+xml gzip java-archive json json5 ld+json manifest+json msword ogg pdf pgp-signature pkcs8
  postscript rss+xml rtf sql toml wasm xhtml+xml xml xml-dtd xslt+xml zip zstd x-7z-compressed x-bzip2 x-debian-package
  x-iso9660-image x-rar-compressed x-redhat-package-manager x-sh x-shockwave-flash x-tar x-tex x-x509-ca-cert x-xz
  vnd.android.package-archive vnd.apple.installer+xml vnd.google-earth.kml+xml vnd.google-earth.kmz vnd.ms-excel
  vnd.ms-fontobject vnd.ms-powerpoint vnd.ms-outlook vnd.rar vnd.sqlite3 vnd.visio`.split(/\s+/),
)
const isKept = (type) => WORTH_KEEPING.test(type) || APPLICATIONS.has(type.replace(/^application\//, ''))

const build = new URL('../', import.meta.url)
const types = new Map()

for (const [type, { extensions = [], source }] of Object.entries(mimeDb)) {
  if (!isKept(type)) continue
  for (const extension of extensions) {
    // The same extension under several types: IANA's registration wins.
    if (!types.has(extension) || source === 'iana') types.set(extension, type)
  }
}

const byType = new Map()
for (const [extension, type] of types) byType.set(type, [...(byType.get(type) ?? []), extension])
const table = [...byType].map(([type, extensions]) => `${type} ${extensions.join(' ')}`).sort()

writeFileSync(
  new URL('media-types.js', build),
  `const table = \`${table.join('\n')}\`
/** File extension, lower case and without the dot, to media type. */
export const mediaTypes = new Map()
for (const line of table.split('\\n')) {
  const [type, ...extensions] = line.split(' ')
  for (const extension of extensions) mediaTypes.set(extension, type)
}
`,
)
writeFileSync(
  new URL('media-types.d.ts', build),
  '/** File extension, lower case and without the dot, to media type. */\nexport declare const mediaTypes: ReadonlyMap<string, string>\n',
)

// Writes build/media-types.js: file extension to media type, from mime-db, for what is really served and uploaded: the
// texts, pictures, sounds, films and fonts that programs of today write, and the known ones among the applications, for the
// package is to stay small. An unknown extension is application/octet-stream.
//
// A line has the types before whose slash stands the same; an extension that is its subtype goes without saying.
import { writeFileSync } from 'node:fs'
import mimeDb from 'mime-db'

const KEPT = {
  application: `atom+xml epub+zip geo+json gpx+xml gzip java-archive json ld+json manifest+json msword ogg pdf pgp-signature
  postscript rss+xml rtf sql toml wasm xhtml+xml xml xslt+xml zip zstd x-7z-compressed x-bzip2 x-debian-package
  x-iso9660-image x-redhat-package-manager x-sh x-tar x-x509-ca-cert x-xz vnd.android.package-archive vnd.ms-excel
  vnd.ms-fontobject vnd.ms-powerpoint vnd.rar`,
  audio: 'aac midi mp4 mpeg ogg wav webm x-aiff x-flac x-matroska x-mpegurl',
  font: 'otf ttf woff woff2',
  image: 'apng avif bmp gif heic heif jpeg jxl png svg+xml tiff vnd.microsoft.icon webp',
  text: `calendar coffeescript css csv html javascript jsx less markdown plain sgml tab-separated-values turtle uri-list vcard
  vtt x-c x-java-source x-lua x-sass x-scss xml yaml`,
  video: '3gpp iso.segment mp2t mp4 mpeg ogg quicktime webm x-flv x-m4v x-matroska x-ms-wmv x-msvideo',
}
const FAMILIES =
  /^vnd\.(oasis\.opendocument\.(text|spreadsheet|presentation)|openxmlformats-officedocument\.\S+\.(sheet|document|presentation))$/

const kept = Object.entries(KEPT).map(([top, list]) => [top, new Set(list.split(/\s+/))])
const build = new URL('../', import.meta.url)
const types = new Map()

for (const [top, subtypes] of kept) {
  for (const [type, { extensions = [], source }] of Object.entries(mimeDb)) {
    const subtype = type.slice(top.length + 1)
    if (!type.startsWith(`${top}/`) || !(subtypes.has(subtype) || FAMILIES.test(subtype))) continue
    for (const extension of extensions) {
      // The same extension under several types: IANA's registration wins.
      if (!types.has(extension) || source === 'iana') types.set(extension, type)
    }
  }
}

function lineOf(top) {
  const bySubtype = new Map()
  for (const [extension, type] of types) {
    const [, subtype] = type.split(`${top}/`)
    if (subtype) bySubtype.set(subtype, [...(bySubtype.get(subtype) ?? []), extension])
  }
  const entries = [...bySubtype].map(([subtype, extensions]) =>
    extensions.join() === subtype ? subtype : [subtype, ...extensions].join(' '),
  )
  return `${top}/${entries.sort().join()}`
}

writeFileSync(
  new URL('media-types.js', build),
  `const table = \`${kept.map(([top]) => lineOf(top)).join('\n')}\`
/** File extension, lower case and without the dot, to media type. */
export const mediaTypes = new Map()
for (const line of table.split('\\n')) {
  const [top, types] = line.split('/')
  for (const type of types.split(',')) {
    const [subtype, ...extensions] = type.split(' ')
    for (const extension of extensions.length > 0 ? extensions : [subtype]) mediaTypes.set(extension, \`\${top}/\${subtype}\`)
  }
}
`,
)
writeFileSync(
  new URL('media-types.d.ts', build),
  '/** File extension, lower case and without the dot, to media type. */\nexport declare const mediaTypes: ReadonlyMap<string, string>\n',
)

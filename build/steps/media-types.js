// Writes build/media-types.js: file extension to media type, from mime-db, for what servers really serve. Vendor
// trees are left out to keep the package small; an unknown extension is application/octet-stream.
import { writeFileSync } from 'node:fs'
import mimeDb from 'mime-db'

const VENDOR_WORTH_KEEPING =
  /officedocument|opendocument|vnd\.ms-(excel|powerpoint|fontobject)|vnd\.microsoft\.icon/
const build = new URL('../', import.meta.url)
const types = new Map()

for (const [type, { extensions = [], source }] of Object.entries(mimeDb)) {
  if (type.includes('/vnd.') && !VENDOR_WORTH_KEEPING.test(type)) continue
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

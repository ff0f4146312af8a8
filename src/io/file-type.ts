import { mediaTypes } from '#media-types'

/**
 * What a file of this name holds, by its extension; `application/octet-stream` where that is unknown. A name that is nothing
 * else, as `.html`, has none.
 */
export function fileType(name: string): string {
  const extension = /[^/\\]\.([^./\\]+)$/.exec(name)?.[1] ?? ''
  return mediaTypes.get(extension.toLowerCase()) ?? 'application/octet-stream'
}

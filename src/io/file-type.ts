import { mediaTypes } from '#media-types'

/** What a file of this name holds, by its extension; `application/octet-stream` for one that is unknown. */
export function fileType(name: string): string {
  const extension = /\.([^./\\]+)$/.exec(name)?.[1] ?? ''
  return mediaTypes.get(extension.toLowerCase()) ?? 'application/octet-stream'
}

// busboy, a reader of forms. It is a stream, but reads each piece at once; only what streams do around it would wait for the
// event loop, and would be kept in memory until that turns. So its parser is called directly, here and in its constructor,
// and the streams of its files are replaced by what takes their data.
import busboy from 'busboy'

export class BusboyPart {
  /** undefined where it has none, or an empty one */
  name
  filename
  /** Of the type nothing but type/subtype, in lower case. */
  type
  /** Its bytes as a Latin-1 string; those of a field whose type has a charset are decoded; undefined where they are lost */
  data
  isFile

  constructor(name, filename, type, data, isFile) {
    this.name = name
    this.filename = filename
    this.type = type
    this.data = data
    this.isFile = isFile
  }
}

export class BusboyForm {
  parts = []
  /** The last boundary has come. */
  isWhole = false
  /** The message of its first error, after which nobody would listen. */
  error = undefined
}

const nothing = () => {}

/** @param bytes a Buffer */
export function readWithBusboy(bytes, boundary) {
  const form = new BusboyForm()
  const parser = parserOf(boundary)
  parser.on('error', ({ message }) => {
    form.error ??= message
  })
  parser.on('field', (name, data, { mimeType }) => {
    if (form.error === undefined) form.parts.push(new BusboyPart(name, undefined, mimeType, data, false))
  })
  parser.on('file', (name, stream, { filename, mimeType }) => {
    const part = new BusboyPart(name, filename, mimeType, '', true)
    if (form.error === undefined) form.parts.push(part)
    stream.push = (bytes) => {
      if (bytes !== null) part.data += bytes.latin1Slice()
      return true
    }
  })
  parser.write(bytes)
  form.isWhole = parser._complete
  return form
}

function parserOf(boundary) {
  return busboy({
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    preservePath: true,
    defParamCharset: 'utf8',
    defCharset: 'latin1',
  })
}

Object.getPrototypeOf(parserOf('b')).write = function write(bytes) {
  this._write(bytes, 'buffer', nothing)
}

// Used as a stream; `getBuffer()` copies all there is again for every part. It gives text as strings, which a socket
// would have to make bytes of.

import FormData from 'form-data'

export function writeForm({ fields, file }, onPiece) {
  const form = new FormData()
  for (const [name, value] of fields) form.append(name, value)
  if (file) form.append(file.name, file.bytes, { filename: file.filename, contentType: file.type })
  return new Promise((resolve, reject) => {
    form.on('data', (piece) => onPiece(typeof piece === 'string' ? Buffer.from(piece) : piece))
    form.on('error', reject).on('end', () => resolve(form.getHeaders()['content-type']))
    form.resume()
  })
}

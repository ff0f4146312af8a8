// busboy on a whole body, its parts' data thrown away.
import busboy from 'busboy'

const nothing = () => {}

export const readers = {
  multipart(bytes, { boundary }) {
    const parser = busboy({ headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } })
    parser.on('file', (_name, file) => file.on('error', nothing).resume())
    parser.on('field', nothing)
    parser.on('error', nothing)
    parser.end(bytes)
  },
}

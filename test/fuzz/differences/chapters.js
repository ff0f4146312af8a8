// The codecs, in the order of the page, and who else reads what they read.
import * as frames from './frames.js'
import * as requests from './http-requests.js'
import * as responses from './http-responses.js'
import * as multipart from './multipart.js'
import * as query from './query.js'

const HTTP_PEERS = "llhttp (undici's wasm, without leniency) and Node's own parser"

export const chapters = [
  { title: 'Requests', peers: HTTP_PEERS, ...requests },
  { title: 'Responses', peers: HTTP_PEERS, ...responses },
  { title: 'Queries', peers: 'URLSearchParams', ...query },
  { title: 'Multipart bodies', peers: 'busboy 1.6.0 (form-data alone)', ...multipart },
  { title: 'WebSocket frames', peers: "ws's Receiver", ...frames },
  { title: 'UTF-8', peers: 'buffer.isUtf8 and TextDecoder', differences: [] },
]

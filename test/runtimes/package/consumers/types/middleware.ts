// Middleware adds to the request what handlers then may read, and nothing else.
import type { Handler, RingRequest, RingResponse } from 'httpkit-wasm/edge'
import {
  type FileParam,
  type MultipartPart,
  type Store,
  type WithMultipartParams,
  type WithParams,
  wrapMultipartParams,
  wrapParams,
} from 'httpkit-wasm/middleware'

const greet = ({ params, queryParams, formParams, uri }: RingRequest & WithParams): RingResponse => {
  const name: string | string[] | undefined = params.name ?? queryParams.name ?? formParams.name
  return { body: `${uri}: ${name}` }
}
export const greeting: Handler = wrapParams(greet, { maxPairs: 20 })

const store: Store = async (part: MultipartPart) => ({ sum: (await part.bytes()).length })
const isFile = (value: unknown): value is FileParam => typeof value === 'object' && value !== null
const receive = async ({ multipartParams }: RingRequest & WithMultipartParams): Promise<RingResponse> => {
  const photo = multipartParams.photo
  return isFile(photo) ? { body: photo.filename, headers: { 'X-Bytes': photo.size } } : { status: 400 }
}
export const receiving: Handler = wrapMultipartParams(receive, { store, maxFiles: 1 })

// Names that nobody writes down are known inside both.
export const both: Handler = wrapMultipartParams(
  wrapParams((req) => {
    const all: [unknown, unknown] = [req.queryParams.a, req.asyncChannel.isOpen]
    return { body: JSON.stringify(all) }
  }),
)

interface Session {
  user: string
}
export const own: (req: RingRequest & Session) => RingResponse | Promise<RingResponse> = wrapParams(
  (req: RingRequest & Session & WithParams) => ({ body: req.user + String(req.params.a) }),
)

// @ts-expect-error nothing has read them
export const bare: Handler = (req) => ({ body: String(req.params.a) })
// @ts-expect-error limits are numbers
wrapParams(greet, { maxPairs: '20' })
// @ts-expect-error what is stored is a map
wrapMultipartParams(receive, { store: async () => 3 })

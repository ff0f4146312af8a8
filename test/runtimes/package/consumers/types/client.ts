// The client: what is asked, what comes back, and what goes wrong.

import * as everything from 'httpkit-wasm/client'
import {
  type Channel,
  type Client,
  type ClientOptions,
  type ClientResponse,
  delete as del,
  file,
  get,
  HttpKitError,
  makeClient,
  maxBodyFilter,
  openWebSocket,
  post,
  type RequestOptions,
  type ResponsePromise,
  request,
  setDefaultClient,
} from 'httpkit-wasm/client'

const options: RequestOptions = {
  headers: { Accept: 'text/html', 'X-Many': ['a', 'b'], 'X-None': null },
  queryParams: { page: 2, of: [1, 2] },
  timeout: 1000,
  as: 'text',
  filter: maxBodyFilter(1024),
  signal: AbortSignal.timeout(1000),
  basicAuth: ['user', 'secret'],
  ownState: { of: 'the callback' },
}

export async function bodyOf(url: URL): Promise<string> {
  const { status, headers, body, error, opts }: ClientResponse = await get(url, options)
  if (error) return `${opts.url}: ${error.code}, ${error.cause}`
  const cookies: string | string[] | undefined = headers?.['set-cookie']
  return status === 200 ? body : String(cookies)
}

export const length: ResponsePromise<number | ClientResponse> = get(
  'http://a/',
  ({ body }) => String(body).length,
)
export const late: Promise<ClientResponse | 'late'> = request({ url: 'http://a/' }).deref(100, 'late')
export const thrown: Promise<string> = post('http://a/', { formParams: { a: 1 } })
  .unwrap()
  .then(({ body }) => String(body))
  .catch((error: unknown) =>
    error instanceof HttpKitError && error.code === 'ERR_TIMEOUT_IDLE' ? error.message : '',
  )
export const deleted: Promise<ClientResponse> = del('http://a/')
export const alsoDeleted: ResponsePromise = everything.delete('http://a/')
export const upload = post('http://a/', {
  multipart: [
    { name: 'a', content: new Blob(['b']) },
    { name: 'c', content: file('c.txt'), filename: 'd.txt' },
  ],
  onUploadProgress: (bytes, total) => console.log(bytes, total ?? '?'),
})
export const streamed = post('http://a/', { body: new ReadableStream<Uint8Array>() })

const settings: ClientOptions = {
  maxConnections: 4,
  addressFinder: (url) => ({ host: url.hostname, port: 80 }),
}
export const client: Client = makeClient(settings)
setDefaultClient(client)
export const stats: number = client.stats().connections
export const closed: Promise<void> = client.close()

export async function talk(): Promise<Channel> {
  const channel = await openWebSocket('ws://a/', {
    onReceive: (channel, message) => void channel.send(message),
  })
  return channel.send('a') ? channel : Promise.reject(new Error('closed'))
}

// @ts-expect-error no such kind of body
get('http://a/', { as: 'xml' })
// @ts-expect-error milliseconds are a number
get('http://a/', { timeout: '1s' })
// @ts-expect-error a URL is needed
get()
// @ts-expect-error no such code
export const code = (error: HttpKitError): boolean => error.code === 'ERR_NONE'
// @ts-expect-error no such answer
get('http://a/').then(({ text }) => text)

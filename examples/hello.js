// A handler takes a request map and returns a response map. That is all there is to it.

export const title = 'Hello'
export const path = '/hello'
export const sentence = 'A plain answer, with a name from the query string.'
export const curl = ['curl http://localhost:8090/hello', 'curl "http://localhost:8090/hello?name=Ada"']

export function handler(req) {
  const name = new URLSearchParams(req.queryString).get('name') || 'world'
  return { headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: `Hello, ${name}!\n` }
}

// Reading a small body whole, and saying no properly: 405 to other methods, 413 to too much, 400 to what is not JSON.

import { readText } from './read-text.js'

export const title = 'JSON echo'
export const path = '/echo'
export const sentence =
  'Parses the JSON you post and answers it, indented. Post something broken to see the 400.'
export const curl = [
  `curl -d '{"name":"Ada","tags":[1,2]}' http://localhost:8090/echo`,
  `curl -i -d '{"name":' http://localhost:8090/echo`,
]

const maxJson = 1024 * 1024 // bytes

export async function handler(req) {
  if (req.requestMethod !== 'post') return problem(405, 'POST some JSON here', { Allow: 'POST' })

  const text = await readText(req.body, maxJson)
  if (text === undefined) return problem(413, `At most ${maxJson} bytes, please`)

  try {
    return json(200, JSON.parse(text))
  } catch (error) {
    return problem(400, error.message)
  }
}

function json(status, value, headers) {
  const body = `${JSON.stringify(value, null, 2)}\n`
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body }
}

function problem(status, error, headers) {
  return json(status, { error }, headers)
}

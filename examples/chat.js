// A chat over WebSocket or long polling: chat/room.js serves both through one handler, page.js there talks to it. This
// file is the way in: which path is what, and who may enter.

import { isFull, join, maxText, say } from './chat/room.js'
import { pages } from './pages.js'
import { readText } from './read-text.js'

export const title = 'Chat'
export const path = '/chat'
export const sentence =
  'A room to talk in, over WebSocket or long polling. Take two tabs; or, with a Redis at hand, two servers.'
export const hint =
  'These lines poll the room, say something in it, and catch up. /chat?transport=poll does without WebSocket.'
export const curl = [
  'curl -N "http://localhost:8090/chat/room?name=Ada"',
  `curl -d 'Tea is ready' "http://localhost:8090/chat/room?name=Bob"`,
  'curl "http://localhost:8090/chat/room?name=Ada&after=0"',
]

const maxName = 32 // characters

const files = {
  '/chat': 'chat/page.html',
  '/chat/page.css': 'chat/page.css',
  '/chat/page.js': 'chat/page.js',
  '/page.css': 'page.css',
}
export const paths = ['/chat/room', ...Object.keys(files)]
const send = pages(files)

export function handler(req) {
  if (req.uri === '/chat/room') return room(req)
  return send(req)
}

function room(req) {
  if (!isFromHere(req.headers)) return refuse(403, 'Pages from elsewhere may not talk here')
  const query = new URLSearchParams(req.queryString)
  const name = query.get('name')?.trim()
  if (!name || name.length > maxName) return refuse(400, `?name= of 1 to ${maxName} characters, please`)
  if (req.requestMethod === 'post') return post(req, name)
  if (req.requestMethod !== 'get') return refuse(405, 'GET or POST, please', { Allow: 'GET, POST' })
  if (isFull(name)) return refuse(503, 'The room is full')
  return join(req, name, query.get('after') ?? undefined)
}

// A browser lets any page open a WebSocket to any host, or post to it, and says which page it was. What is no browser
// says nothing, or what it likes: this protects those who visit a page, not the room.
function isFromHere({ origin, host }) {
  return origin === undefined || origin.split('://')[1] === host
}

async function post(req, name) {
  const text = await readText(req.body, 4 * maxText) // no character has more than four bytes
  return say(name, text) ? { status: 204 } : refuse(413, `At most ${maxText} characters, please`)
}

function refuse(status, reason, headers) {
  return {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
    body: `${reason}\n`,
  }
}

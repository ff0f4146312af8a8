// The handlers that every platform's own server runs, and what their callbacks were told: `/told?id=…` is that as JSON, for each
// id a list of what happened to the requests that had it.
import { asChannel, broadcast, toFetch } from '../../../build/edge.js'
import { wrapMultipartParams, wrapParams } from '../../../build/middleware.js'

const KiB64 = 64 * 1024
const told = new Map()
const rooms = new Map()
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function noteFor({ params }) {
  const { id } = params
  if (!told.has(id)) told.set(id, [])
  return (...what) => told.get(id).push(what)
}

function roomOf({ params }) {
  const { room } = params
  if (!rooms.has(room)) rooms.set(room, new Set())
  return rooms.get(room)
}

const json = (value) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) })

async function* upper(body) {
  const decoder = new TextDecoder()
  for await (const piece of body) yield decoder.decode(piece, { stream: true }).toUpperCase()
}

async function* endless(note) {
  let made = 0
  try {
    for (;;) {
      yield new Uint8Array(KiB64)
      if (++made % 16 === 0) note('made', made * KiB64)
    }
  } finally {
    note('over')
  }
}

async function* lines(count) {
  for (let line = 1; line <= count; line++) {
    await sleep(5)
    yield `line ${line}\n`
  }
}

const channelThatTells = (req, handlers) => {
  const note = noteFor(req)
  return asChannel(req, {
    ...handlers,
    onOpen(channel) {
      note('open')
      return handlers.onOpen?.(channel)
    },
    onClose: (_channel, ...all) => note('close', ...all),
  })
}

/** Messages that are commands, of a channel or of Ring's socket. */
async function obey(channel, message) {
  const [command, ...given] = typeof message === 'string' ? message.split(' ') : []
  if (command === 'close') channel.close(...(given.length > 0 ? [Number(given[0])] : []), ...given.slice(1))
  else if (command === 'big') channel.send('x'.repeat(Number(given[0])))
  else if (command === 'bigBytes') channel.send(new Uint8Array(Number(given[0])).fill(7))
  else if (command === 'later') {
    await sleep(Number(given[0]))
    channel.send(message)
  } else channel.send(message)
}

const routes = {
  '/map': ({ params, asyncChannel, body, ...map }) => json({ ...map, hasBody: body !== undefined, params }),
  '/told': ({ params }) => json(told.get(params.id) ?? []),
  '/text': () => ({ headers: { 'Content-Type': 'text/plain' }, body: 'hello' }),
  '/untyped': () => ({ body: 'hello' }),
  '/empty': () => ({ status: 200 }),
  '/none': () => undefined,
  '/status': ({ params }) => ({ status: Number(params.status), body: params.body ?? null }),
  '/headers': () => ({
    headers: { 'X-Text': 'é ☕', 'X-List': ['a', 'b'], 'X-Number': 5, 'Set-Cookie': ['a=1', 'b=2; Path=/'] },
    body: 'x',
  }),
  '/echo': ({ body }) => ({ headers: { 'Content-Type': 'application/octet-stream' }, body: body.stream() }),
  '/upper': ({ body }) => ({ headers: { 'Content-Type': 'text/plain' }, body: upper(body) }),
  '/size': async ({ body }) => json((await body?.bytes())?.length ?? 0),
  '/unread': () => ({ status: 403, body: 'no' }),
  '/upload': (req) => {
    const note = noteFor(req)
    note('begun')
    return req.body.bytes().then(
      (bytes) => json(bytes.length),
      (error) => {
        note('failed', error.code)
        throw error
      },
    )
  },
  '/lines': ({ params }) => ({
    headers: { 'Content-Type': 'text/plain' },
    body: lines(Number(params.count)),
  }),
  '/endless': (req) => ({ body: endless(noteFor(req)) }),
  '/blob': () => ({ body: new Blob(['hello'], { type: 'text/x-blob' }) }),
  '/length': ({ params }) => ({
    headers: { 'Content-Length': Number(params.stated) },
    body: (async function* () {
      for (const piece of ['he', 'll', 'o']) {
        await sleep(1)
        yield piece
      }
    })(),
  }),
  '/boom': () => {
    throw new Error('boom')
  },
  '/boom-midway': () => ({
    body: (async function* () {
      yield 'half'
      await sleep(5)
      throw new Error('boom')
    })(),
  }),
  '/params': ({ params, multipartParams }) => json({ params, files: Object.keys(multipartParams) }),
  '/poll': (req) =>
    channelThatTells(req, {
      onOpen: (channel) =>
        setTimeout(() => channel.send({ status: 201, body: 'late' }), Number(req.params.ms)) && undefined,
    }),
  '/wait': (req) => channelThatTells(req, { onOpen: (channel) => void roomOf(req).add(channel) }),
  '/publish': (req) => json(broadcast(roomOf(req), req.params.message)),
  '/events': (req) =>
    channelThatTells(req, {
      onOpen(channel) {
        channel.send({ headers: { 'Content-Type': 'text/event-stream' }, body: 'data: 0\n\n' }, false)
        void (async () => {
          for (let event = 1; channel.isOpen; event++) {
            await sleep(5)
            if (event === Number(req.params.count)) channel.close()
            else channel.send(`data: ${event}\n\n`, false)
          }
        })()
      },
    }),
  '/drained': (req) => {
    const note = noteFor(req)
    return channelThatTells(req, {
      onOpen(channel) {
        void (async () => {
          let most = 0
          for (let sent = KiB64; channel.isOpen; sent += KiB64) {
            channel.send(new Uint8Array(KiB64), false)
            most = Math.max(most, channel.bufferedAmount)
            if (sent % (16 * KiB64) === 0) note('made', sent, most)
            await channel.drained()
          }
        })()
      },
    })
  },
  '/flood': (req) =>
    channelThatTells(req, {
      onOpen(channel) {
        void (async () => {
          while (channel.isOpen) {
            for (let count = 0; count < 16 && channel.isOpen; count++)
              channel.send(new Uint8Array(KiB64), false)
            await sleep(0)
          }
        })()
      },
    }),
  '/ws': (req) =>
    channelThatTells(req, {
      protocol: ['b', 'a'],
      headers: { 'X-A': ['1', 'é'] },
      onReceive: obey,
      ...(req.params.heartbeat && { heartbeat: Number(req.params.heartbeat) }),
    }),
  '/slowly': (req) => {
    const note = noteFor(req)
    return channelThatTells(req, {
      async onReceive(channel, message) {
        note('begin', message)
        await sleep(3)
        note('end', message)
        channel.send(message)
      },
    })
  },
  '/tells': (req) => {
    const note = noteFor(req)
    return channelThatTells(req, {
      onReceive(channel, message) {
        const isText = typeof message === 'string'
        note(isText ? 'text' : 'bytes', isText ? message : Array.from(message), message.constructor.name)
        channel.send('ok')
      },
      onPing: (_channel, data) => note('ping', ...data),
      onPong: (_channel, data) => note('pong', ...data),
    })
  },
  '/room': (req) => {
    const room = roomOf(req)
    return asChannel(req, {
      onOpen(channel) {
        room.add(channel)
        channel.send('welcome')
      },
      onReceive: (_channel, message) => void broadcast(room, message),
      onClose: (channel) => room.delete(channel),
    })
  },
  '/ws-flood': (req) => {
    const note = noteFor(req)
    return channelThatTells(req, {
      async onReceive(channel) {
        let most = 0
        for (let sent = 0; channel.isOpen && sent < 2000; sent++) {
          channel.send(new Uint8Array(KiB64))
          most = Math.max(most, channel.bufferedAmount)
          if (sent % 16 === 0) await sleep(0)
        }
        note('buffered', most)
      },
    })
  },
  '/ring': (req) => {
    const note = noteFor(req)
    return {
      protocol: 'b',
      listener: {
        onOpen: (socket) => socket.send('open', () => note('left')),
        onMessage: obey,
        onError: (_socket, error) => note('error', error.message),
        onClose: (_socket, ...all) => note('close', ...all),
      },
    }
  },
  '/handshake': (req) =>
    asChannel(req, { onHandshakeError: (channel) => void channel.send({ status: 418, body: 'tea' }) }),
}

const handler = wrapMultipartParams(
  wrapParams((req) => {
    const route = routes[req.uri]
    return route ? route(req) : { status: 404, body: `nothing at ${req.uri}` }
  }),
)

/** Past these the tests go. */
export const fetch = toFetch(handler, {
  maxBody: 16 * 1024 * 1024,
  maxWs: 2 * 1024 * 1024,
  maxBuffered: 8 * 1024 * 1024,
  errorLogger: () => {},
})

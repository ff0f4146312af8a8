// The client in workerd, as tests need it: a worker that does what it is asked to by name, and answers with what came of it as
// JSON. What JSON has no word for is written as a map with one name that begins with $.
import * as client from '../../../build/client.js'

const { get, makeClient, maxBodyFilter, openWebSocket, post, request, setDefaultClient } = client

// Made while the worker is loaded, as programs do.
const shared = makeClient({ maxConnections: 2 })
const tooEarly = get('http://127.0.0.1:1/')

const latin1 = (bytes) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
const bytesOf = (text) => Uint8Array.from(text, (character) => character.charCodeAt(0))
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const kinds = {
  bytes: bytesOf,
  blob: ({ text, type }) => new Blob([text], { type }),
  file: ({ text, name, type }) => new File([text], name, { type }),
  params: (map) => new URLSearchParams(map),
  form: (map) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(map)) form.append(name, revived(value))
    return form
  },
  pieces: async function* (pieces) {
    for (const piece of pieces) {
      await sleep(1)
      yield piece
    }
  },
  stream: (pieces) =>
    new ReadableStream({
      pull(controller) {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(bytesOf(piece))
      },
    }),
  abortedAfter: (ms) => AbortSignal.timeout(ms),
  aborted: (reason) => AbortSignal.abort(reason),
  max: (bytes) => maxBodyFilter(bytes),
  path: (path) => client.file(path),
  client: (options) => (options === 'shared' ? shared : makeClient(revived(options))),
  finder: (address) => () => address,
}

function revived(value) {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revived)
  const [[name, given] = ['']] = Object.entries(value)
  if (name.startsWith('$')) return kinds[name.slice(1)](given)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revived(one)]))
}

async function told({ status, headers, body, trailers, error, opts }) {
  if (error !== undefined) return { error: errorOf(error), hops: opts.traceRedirects }
  const answer = { status, headers, trailers, hops: opts.traceRedirects, url: opts.url }
  if (typeof body === 'string') return { ...answer, body }
  if (body instanceof Uint8Array) return { ...answer, bytes: latin1(body) }
  try {
    const pieces = []
    for await (const piece of body) pieces.push(latin1(piece))
    return { ...answer, streamed: pieces.join('') }
  } catch (thrown) {
    return { ...answer, thrown: errorOf(thrown) }
  }
}

function errorOf(error) {
  const { name, code, message, status, cause } = error
  return {
    name,
    code,
    message,
    status,
    cause: cause && { name: cause.name, code: cause.code, message: cause.message },
  }
}

/** What happens on a WebSocket, one thing after another. */
function heard(log) {
  let closed
  const end = new Promise((resolve) => {
    closed = resolve
  })
  const handlers = {
    onOpen: () => log.push('open'),
    onReceive: (_, message) => log.push(typeof message === 'string' ? message : `${message.length} bytes`),
    onPing: (_, data) => log.push(`ping ${latin1(data)}`),
    onPong: (_, data) => log.push(`pong ${latin1(data)}`),
    onClose(_, status, code, reason) {
      log.push(`${status} ${code} ${reason}`)
      closed()
    },
  }
  return { handlers, end }
}

const cases = {
  request: async (options) => told(await request(revived(options))),

  async inTurn(list) {
    const answers = []
    for (const options of list) answers.push(await told(await request(revived(options))))
    return answers
  },

  atOnce: (list) => Promise.all(list.map(async (options) => told(await request(revived(options))))),

  /** Each by a client of its own, and what that has left then; where it should be nothing, that is waited for. */
  apart: (list) =>
    Promise.all(
      list.map(async ({ options, closes }) => {
        const own = makeClient()
        const answer = await told(await own.request(revived(options)))
        const patience = closes ? 5000 : 20
        for (let ms = 0; ms < patience && own.stats().connections > 0; ms += 5) await sleep(5)
        const { connections } = own.stats()
        await own.close()
        return { ...answer, connections }
      }),
    ),

  async stats({ before, options }) {
    const own = makeClient(revived(options))
    const answers = await Promise.all(before.map((one) => own.request(revived(one))))
    const open = own.stats()
    await own.close()
    return {
      open,
      closed: own.stats(),
      after: await told(await own.get('http://127.0.0.1:1/')),
      answers: answers.length,
    }
  },

  tooEarly: async () => told(await tooEarly),

  setDefault: async ({ options, url }) => {
    const own = makeClient(revived(options))
    setDefaultClient(own)
    const answer = await told(await get(url))
    const { requests } = own.stats()
    setDefaultClient(shared)
    return { ...answer, requests }
  },

  makeClient(options) {
    try {
      makeClient(revived(options))
      return 'made'
    } catch (error) {
      return errorOf(error)
    }
  },

  /** A file of a path, which only some have. */
  file(path) {
    try {
      return client.file(path).name
    } catch (error) {
      return errorOf(error)
    }
  },

  callback: ({ url }) => get(url, { as: 'text', mark: 7 }, ({ body, opts }) => [body, opts.mark]),

  deref: ({ url, timeout }) => get(url).deref(timeout, 'too late'),

  unwrap: async ({ url }) => {
    try {
      return (await get(url).unwrap()).status
    } catch (error) {
      return errorOf(error)
    }
  },

  /** Reads so many bytes of a stream, then stops until `gate` answers, then reads the rest. */
  async slowly({ url, first = Number.POSITIVE_INFINITY, gate }) {
    const { body } = await get(url, { as: 'stream', timeout: 60_000 })
    let length = 0
    let sum = 0
    let hasPaused = false
    for await (const piece of body) {
      length += piece.length
      for (let at = 0; at < piece.length; at += 4096) sum = (sum + piece[at] * (at + 1)) % 1_000_003
      if (length < first || hasPaused) continue
      hasPaused = true
      await get(gate)
    }
    return { length, sum }
  },

  async stopReading({ url, first }) {
    const { body } = await get(url, { as: 'stream' })
    let length = 0
    for await (const piece of body) {
      length += piece.length
      if (length >= first) break
    }
    return length
  },

  /** Sends so many pieces, and tells how many have been asked for when `ms` have gone by; then `gate` is told. */
  async upload({ url, pieces, size, ms, length, gate }) {
    let asked = 0
    const body = (async function* () {
      for (; asked < pieces; asked++) yield new Uint8Array(size).fill(asked)
    })()
    const answer = post(url, {
      body,
      timeout: 60_000,
      as: 'text',
      ...(length && { headers: { 'content-length': length } }),
    })
    await sleep(ms)
    const early = asked
    if (gate) await get(gate)
    const outcome = await told(await answer)
    return { early, asked, ...outcome }
  },

  async abort({ url, ms }) {
    const controller = new AbortController()
    setTimeout(() => controller.abort('enough'), ms)
    return told(await get(url, { signal: controller.signal, as: 'byteArray' }))
  },

  progress: async ({ url, body }) => {
    const up = []
    const down = []
    const answer = await post(url, {
      body,
      as: 'text',
      onUploadProgress: (bytes, total) => up.push([bytes, total]),
      onDownloadProgress: (bytes, total) => down.push([bytes, total]),
    })
    return { up, down: down.at(-1), body: answer.body }
  },

  /** A WebSocket that sends these messages, each when the one before has been answered, and closes. */
  async webSocket({ url, messages = [], options, close }) {
    const log = []
    const { handlers, end } = heard(log)
    const waiting = messages.map(revived)
    const onReceive = (channel, message) => {
      handlers.onReceive(channel, message)
      const next = waiting.shift()
      if (next !== undefined) channel.send(next)
      else if (close) channel.close(...close)
    }
    try {
      const channel = await openWebSocket(url, { ...handlers, onReceive }, revived(options))
      const first = waiting.shift()
      if (first !== undefined) channel.send(first)
      await end
    } catch (error) {
      log.push(errorOf(error))
    }
    return log
  },

  async manyMessages({ url, count, text }) {
    const log = []
    const { handlers, end } = heard(log)
    let received = 0
    const onReceive = (channel, message) => {
      if (message !== `${text}${received}`) log.push(`wrong: ${received}`)
      if (++received === count) channel.close()
    }
    const channel = await openWebSocket(url, { ...handlers, onReceive })
    for (let number = 0; number < count; number++) {
      channel.send(`${text}${number}`)
      if (number % 100 === 99) await channel.drained()
    }
    await end
    return { received, log }
  },

  /** Leaves with a request in flight. */
  leave({ url }) {
    void get(url, { timeout: 300 })
    return 'gone'
  },
}

async function answered(incoming) {
  const name = new URL(incoming.url).pathname.slice(1)
  const given = await incoming.json()
  if (name === 'passOn') {
    const { status, body } = await get(given.url, { as: 'stream' })
    return new Response(body, { status })
  }
  return Response.json((await cases[name](given)) ?? null)
}

export class Room {
  fetch(incoming) {
    return answered(incoming)
  }
}

export default {
  fetch(incoming, { ROOM }) {
    if (!incoming.headers.has('in-a-room')) return answered(incoming)
    return ROOM.get(ROOM.idFromName('one')).fetch(incoming)
  },
}

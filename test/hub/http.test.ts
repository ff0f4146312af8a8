// Topics over a real server: WebSockets, event streams and long polls in one room, and clients that come back.
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, type Hub, type SubscribeOptions } from '../../src/hub.js'
import { asChannel, type HttpServer, runServer } from '../../src/server.js'
import { EventStream, poll } from '../support/hub-clients.js'
import { until } from '../support/waiting.js'

let hub: Hub
let server: HttpServer
let base: string
let options: SubscribeOptions

// ?topic=…&as=…&after=…&wait=…; what a WebSocket says is published, to all but itself.
beforeAll(async () => {
  server = await runServer(
    (req) =>
      asChannel(req, {
        onOpen(channel) {
          const asked = new URLSearchParams(req.queryString)
          hub.subscribe(channel, asked.getAll('topic'), {
            as: (asked.get('as') as 'poll' | null) ?? undefined,
            after: asked.get('after') ?? req.headers['last-event-id'],
            ...(asked.has('wait') && { wait: Number(asked.get('wait')) }),
            ...options,
          })
        },
        onReceive: (channel, message) => void hub.publish('room', message, { except: channel }),
      }),
    { port: 0, ip: '127.0.0.1' },
  )
  base = `http://127.0.0.1:${server.port}/?topic=room`
})
afterAll(() => server.stop())
beforeEach(() => {
  hub = createHub({ history: 5 })
  options = {}
})

async function connect(): Promise<{ socket: WebSocket; got: string[] }> {
  const socket = new WebSocket(base.replace('http', 'ws'))
  onTestFinished(() => socket.terminate())
  const got: string[] = []
  socket.on('message', (data, isBinary) => got.push(isBinary ? `<${data.toString('hex')}>` : data.toString()))
  const before = hub.count('room')
  await until(() => hub.count('room') > before)
  return { socket, got }
}

/** One that waits, once the hub has it. */
async function waiting(query = ''): Promise<{ answer: ReturnType<typeof poll> }> {
  const before = hub.count('room')
  const answer = poll(`${base}&wait=5000${query}`)
  await until(() => hub.count('room') > before)
  return { answer }
}

async function stream(query = '', headers: Record<string, string> = {}): Promise<EventStream> {
  const events = await EventStream.open(`${base}&as=event-stream${query}`, headers)
  onTestFinished(() => events.close())
  return events
}

describe('one room over all kinds of channels', () => {
  it('reaches a WebSocket as a message, an event stream as an event, a poll as its answer', async () => {
    const [ada, bob, events, polling] = [await connect(), await connect(), await stream(), await waiting()]
    expect(hub.count('room')).toBe(4)
    ada.socket.send('größe\r\nand more')
    const { id, ...answer } = await polling.answer
    expect(answer).toEqual({ messages: ['größe\r\nand more'], complete: true })
    expect(await events.next()).toEqual({ event: 'message', data: 'größe\nand more', id })
    await until(() => bob.got.length === 1)
    expect([ada.got, bob.got, hub.count('room')]).toEqual([[], ['größe\r\nand more'], 3])
    expect(hub.publish('room', Buffer.from([0, 255]))).toBe(3)
    expect(await events.next()).toMatchObject({ event: 'bytes', data: 'AP8=' })
    await until(() => ada.got.length + bob.got.length === 3)
    expect([ada.got, bob.got]).toEqual([['<00ff>'], ['größe\r\nand more', '<00ff>']])
    expect((await poll(`${base}&after=${id}`)).messages).toEqual([{ base64: 'AP8=' }])
  })

  it('is left by who goes, however that is', async () => {
    const [ada, bob, events, polling] = [await connect(), await connect(), await stream(), await waiting()]
    ada.socket.close()
    bob.socket.terminate()
    await until(() => hub.count('room') === 2)
    events.close()
    await until(() => hub.count('room') === 1)
    hub.publish('room', 'a')
    await polling.answer
    expect([hub.count('room'), hub.stats().subscribers]).toEqual([0, 0])
  })

  it('streams pieces, and says with what headers', async () => {
    options = { headers: { 'Content-Type': 'text/plain', 'X-Own': 'yes' } }
    const response = await fetch(`${base}&as=stream`)
    expect([response.headers.get('content-type'), response.headers.get('x-own')]).toEqual([
      'text/plain',
      'yes',
    ])
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    hub.publish('room', 'one')
    expect((await reader.read()).value).toBe('one')
    hub.publish('room', 'two')
    expect((await reader.read()).value).toBe('two')
    await reader.cancel()
  })

  it('answers with what a function makes of messages; where that throws, 500, and nothing is lost', async () => {
    const errors: string[] = []
    hub.on('error', ({ message }) => errors.push(message))
    options = {
      as(messages, cursor, isComplete) {
        if (messages[0] === 'bad') throw new Error('no such message')
        return { status: 201, headers: { 'X-Cursor': cursor }, body: `${messages.join()} ${isComplete}` }
      },
    }
    const { socket, got } = await connect()
    const place = hub.cursor('room')
    const answer = fetch(base)
    await until(() => hub.count('room') === 2)
    hub.publish('room', 'bad')
    hub.publish('room', 'good')
    expect((await answer).status).toBe(500)
    options = { as: (messages, cursor) => ({ headers: { 'X-Cursor': cursor }, body: messages.join() }) }
    const response = await fetch(`${base}&after=${place}`)
    expect([response.status, await response.text()]).toEqual([200, 'bad,good'])
    expect(response.headers.get('x-cursor')).toBe(hub.cursor('room'))
    await until(() => got.length === 1)
    expect([got, errors]).toEqual([['good true'], ['no such message', 'no such message']])
    socket.terminate()
  })
})

describe('a long poll', () => {
  it('gets each message once, whatever comes between two of its requests', async () => {
    let { id } = await poll(`${base}&wait=0`)
    const got: unknown[] = []
    let sent = 0
    const publishing = setInterval(() => hub.publish('room', String(sent++)), 1)
    while (got.length < 100) {
      const answer = await poll(`${base}&after=${id}`)
      expect(answer.complete).toBe(true)
      id = answer.id
      got.push(...answer.messages)
      if (got.length % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 3))
    }
    clearInterval(publishing)
    expect(got).toEqual(got.map((_, index) => String(index)))
  })

  it('is told where it stands when nothing comes, and where a page begins by its cursor', async () => {
    const place = hub.cursor('room')
    const empty = await poll(`${base}&wait=20`)
    expect(empty).toEqual({ id: place, messages: [], complete: true })
    hub.publish('room', 'between')
    expect((await poll(`${base}&after=${empty.id}`)).messages).toEqual(['between'])
    expect((await poll(`${base}&after=${place}`)).messages).toEqual(['between'])
  })

  it('is told when what it missed reaches back too far', async () => {
    const { id } = await poll(`${base}&wait=0`)
    for (let count = 0; count < 5; count++) hub.publish('room', String(count))
    expect(await poll(`${base}&after=${id}`)).toMatchObject({
      messages: ['0', '1', '2', '3', '4'],
      complete: true,
    })
    hub.publish('room', '5')
    const late = await poll(`${base}&after=${id}`)
    expect(late).toMatchObject({ messages: ['1', '2', '3', '4', '5'], complete: false })
    hub.publish('room', '6')
    expect(await poll(`${base}&after=${late.id}`)).toMatchObject({ messages: ['6'], complete: true })
  })

  it.each(['nonsense!', `a.${'0'.repeat(11)}-`, '~', 'x'.repeat(7000), '__proto__'])(
    'is told that it may have missed something where its cursor is none: %.20s',
    async (after) => {
      hub.publish('room', 'a')
      const answer = await poll(`${base}&after=${encodeURIComponent(after)}`)
      expect(answer).toEqual({ id: hub.cursor('room'), messages: [], complete: false })
      expect(await poll(`${base}&after=${answer.id}&wait=0`)).toEqual({ ...answer, complete: true })
    },
  )

  it('follows several topics with one cursor, and one that it leaves for a while', async () => {
    const both = `${base}&topic=other`
    const first = await poll(`${both}&wait=0`)
    hub.publish('other', 'o1')
    hub.publish('room', 'r1')
    expect(await poll(`${both}&after=${first.id}`)).toMatchObject({ messages: ['r1', 'o1'], complete: true })
    const one = await poll(`${base}&after=${first.id}`)
    expect(one.messages).toEqual(['r1'])
    hub.publish('room', 'r2')
    expect(await poll(`${both}&after=${one.id}`)).toMatchObject({ messages: ['r2', 'o1'], complete: true })
  })
})

describe('an event stream', () => {
  it('opens at once, has its head, and says where it stands', async () => {
    hub.publish('room', 'before')
    const events = await stream()
    expect(events.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(events.headers.get('cache-control')).toBe('no-store')
    await until(() => events.lastId === hub.cursor('room'))
  })

  it('goes on where it broke off, at any of its events, once each', async () => {
    const first = await stream()
    for (const word of ['a', 'b', 'c']) hub.publish('room', word)
    const ids = [(await first.next()).id, (await first.next()).id, (await first.next()).id]
    first.close()
    hub.publish('room', 'd')
    const again = await stream('', { 'Last-Event-ID': ids[0]! })
    const got = [await again.next(), await again.next(), await again.next()]
    expect(got.map(({ data }) => data)).toEqual(['b', 'c', 'd'])
    expect(got.map(({ id }) => id).slice(0, 2)).toEqual(ids.slice(1))
    const middle = await stream('', { 'Last-Event-ID': got[1]!.id })
    expect((await middle.next()).data).toBe('d')
    hub.publish('room', 'e')
    for (const events of [again, middle]) expect((await events.next()).data).toBe('e')
  })

  it('is told of a gap', async () => {
    const events = await stream()
    await until(() => events.lastId !== '')
    events.close()
    for (let count = 0; count < 6; count++) hub.publish('room', String(count))
    const again = await stream('', { 'Last-Event-ID': events.lastId })
    expect(await again.next()).toMatchObject({ event: 'gap', data: '{"complete":false}' })
    expect((await again.next()).data).toBe('1')
  })

  it('says now and then that it lives', async () => {
    const response = await fetch(`${base}&as=event-stream&wait=10`)
    let text = ''
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      if (text.split(':\n\n').length > 3) break
    }
    expect(text).toMatch(/^:\n\nid: \S+\n\n(:\n\n)+$/)
  })
})

describe('a WebSocket', () => {
  it('is sent what came after its cursor, before all else', async () => {
    const place = hub.cursor('room')
    hub.publish('room', 'a')
    hub.publish('room', 'b')
    options = { after: place }
    const { got } = await connect()
    hub.publish('room', 'c')
    await until(() => got.length === 3)
    expect(got).toEqual(['a', 'b', 'c'])
  })
})

// The room of the chat that `npm start` serves, by its two ways in. What a browser does there is in peers/chromium.test.ts.

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { ensureBuilt, root } from '../support/built.js'
import { endExamples, lacks, launchExamples, startExamples, unless } from '../support/examples.js'
import { hasProgram, type Program, start } from '../support/programs.js'
import { connectPeer } from '../support/raw-peer.js'
import { handshakeRequest } from '../support/raw-websocket.js'
import { timeOf } from '../support/waiting.js'
import { connectWs, type WsClientOptions, type WsPeer } from '../support/websocket-peers.js'

interface Message {
  at: number
  name: string
  text: string
}

interface News {
  /** By what they are named when they are asked for: which surroundings, and where in the topic. */
  last: string
  present: string[]
  /** By process, who is there. */
  processes: Record<string, string[]>
  here: string
  hub: string
  messages: Message[]
  isComplete: boolean
}

/** Of who was told nothing about others coming or going since, it is the same. */
const surroundings = ({ last }: News): string => last.split('~')[0]!

/** A room of its own, in a process of its own. */
class Room {
  readonly origin: string

  constructor(origin: string) {
    this.origin = origin
  }

  address(name: string, after?: string): string {
    const query = new URLSearchParams({ name, ...(after !== undefined && { after }) })
    return `${this.origin}/chat/room?${query}`
  }

  /** Comes in over WebSocket. */
  async enter(name: string, after?: string, options?: WsClientOptions): Promise<Guest> {
    return new Guest(await connectWs(this.address(name, after).replace('http', 'ws'), options))
  }

  /** Settles with the head of the answer; its news come when there are some. */
  poll(name: string, after?: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.address(name, after), { headers })
  }

  async news(name: string, after?: string): Promise<News> {
    return (await (await this.poll(name, after)).json()) as News
  }

  /** Comes, and goes: leaves a poll, where that is noticed. */
  async visit(name: string): Promise<void> {
    if (lacks.departures) (await this.enter(name)).peer.socket.close()
    else await (await this.poll(name)).body!.cancel()
  }

  say(name: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.address(name), { method: 'POST', body, headers })
  }
}

class Guest {
  readonly peer: WsPeer

  constructor(peer: WsPeer) {
    this.peer = peer
  }

  say(text: string | Uint8Array): void {
    this.peer.socket.send(text)
  }

  async news(): Promise<News> {
    return JSON.parse((await this.peer.messages.next()) as string)
  }

  /** The news after which this holds, later ones not yet read. */
  async newsWhere(holds: (news: News) => boolean): Promise<News> {
    for (;;) {
      const news = await this.news()
      if (holds(news)) return news
    }
  }

  /** The text of the next message. */
  async hears(): Promise<string> {
    return (await this.newsWhere(({ messages }) => messages.length > 0)).messages[0]!.text
  }

  /** Settles when these are here, in the order in which they came, and nobody else. */
  async sees(...names: string[]): Promise<void> {
    await this.newsWhere(({ present }) => present.join() === names.join())
  }
}

async function makeRoom(open = startExamples): Promise<Room> {
  const program = open()
  const [, port] = await program.prints(/at http:\/\/localhost:(\d+)/)
  return new Room(`http://127.0.0.1:${port}`)
}

// Silence takes half a minute to be told from patience, so it begins before the other tests.
let silence: ReturnType<typeof beginSilence>
const ends: (() => unknown)[] = []

async function beginSilence() {
  const [polled, watched] = await Promise.all([makeRoom(startForAll), makeRoom(startForAll)])
  const poll = polled.news('Ada')
  const pollTime = timeOf(poll)
  for (const outcome of [poll, pollTime]) outcome.catch(() => {}) // the tests of silence look, where they run
  await connect(watched.address('Bob'), false)
  await connect(watched.address('Cyd'), true)
  return { watched, poll, pollTime }
}

function startForAll(): Program {
  const program = launchExamples()
  ends.push(() => endExamples(program))
  return program
}

async function connect(address: string, autoPong: boolean): Promise<void> {
  const socket = new WebSocket(address.replace('http', 'ws'), { autoPong })
  ends.push(() => socket.terminate())
  await new Promise<void>((resolve, reject) => socket.on('open', resolve).on('error', reject))
}

beforeAll(() => {
  ensureBuilt()
  silence = beginSilence()
  silence.catch(() => {})
}, 120_000)

afterAll(async () => {
  for (const end of ends.reverse()) await end()
})

describe('the page', () => {
  it.each([
    ['/chat', 'text/html', '<!doctype html>'],
    ['/page.css', 'text/css', ':root'],
    ['/chat/page.css', 'text/css', '#log'],
    ['/chat/page.js', 'text/javascript', 'new WebSocket'],
  ])(
    '%s has its type, and a policy under which only files of this server run',
    async (path, type, content) => {
      const { origin } = await makeRoom()
      const answer = await fetch(origin + path)
      expect(answer.headers.get('content-type')).toContain(type)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      const policy = answer.headers.get('content-security-policy')
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
      expect(policy).not.toContain('unsafe')
      expect(await answer.text()).toContain(content)
    },
  )
})

describe('who is there', () => {
  it('is told to who comes, and to all when somebody comes or goes', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada', '0')
    const news = await ada.news()
    expect(news).toMatchObject({ hub: 'local', present: ['Ada'], messages: [], isComplete: true })
    expect(news.processes).toEqual({ [news.here]: ['Ada'] })
    const bob = await room.enter('Bob', '0')
    await bob.sees('Ada', 'Bob')
    await ada.sees('Ada', 'Bob')
    bob.peer.socket.close()
    await ada.sees('Ada')
  })

  it('loses who is cut off', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada')
    const bob = await room.enter('Bob')
    await ada.sees('Ada', 'Bob')
    bob.peer.socket.terminate()
    await ada.sees('Ada')
  })

  it('is a name once, until the last of that name has left', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada')
    const [bob, secondBob] = [await room.enter('Bob'), await room.enter('Bob', '0')]
    expect((await secondBob.news()).present).toEqual(['Ada', 'Bob'])
    await ada.sees('Ada', 'Bob')
    bob.peer.socket.close()
    await bob.peer.closed
    await room.visit('Cyd')
    await ada.sees('Ada', 'Bob', 'Cyd')
    await ada.sees('Ada', 'Bob') // Cyd left after Bob did, and is gone
    secondBob.peer.socket.close()
    await ada.sees('Ada')
  })

  it('keeps who polls, from one poll to the next', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada')
    let { last } = await room.news('Bob', '0')
    await ada.sees('Ada', 'Bob')
    for (const text of ['one', 'two', 'three']) {
      const answer = await room.poll('Bob', last)
      ada.say(text)
      const news = (await answer.json()) as News
      expect(news.messages.map((message) => message.text)).toEqual([text])
      expect(await ada.news()).toEqual(news)
      last = news.last
    }
    await ada.sees('Ada')
  })

  it('keeps who comes back soon, and tells nobody', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada')
    const bob = await room.enter('Bob')
    await ada.sees('Ada', 'Bob')
    bob.peer.socket.close()
    await bob.peer.closed
    const again = await room.enter('Bob')
    await room.visit('Cyd')
    await ada.sees('Ada', 'Bob', 'Cyd')
    const news = await ada.news() // Cyd left after Bob did
    expect(news.present).toEqual(['Ada', 'Bob'])
    again.say('Back')
    const said = await ada.news()
    expect(said.messages).toMatchObject([{ name: 'Bob', text: 'Back' }])
    expect(surroundings(said)).toBe(surroundings(news))
  })
})

describe('what is said', () => {
  it.each(['WebSocket', 'POST'])('by %s reaches WebSockets and polls alike', async (transport) => {
    const room = await makeRoom()
    const ada = await room.enter('Ada', '0')
    const before = await ada.news()
    const poll = await room.poll('Ada')
    if (transport === 'WebSocket') ada.say('größer 🍵')
    else expect((await room.say('Ada', 'größer 🍵')).status).toBe(204)
    const news = (await poll.json()) as News
    const message = { at: expect.any(Number), name: 'Ada', text: 'größer 🍵' }
    expect(news).toMatchObject({ present: ['Ada'], isComplete: true })
    expect(news.messages).toEqual([message])
    expect(surroundings(news)).toBe(surroundings(before))
    expect(Math.abs(news.messages[0]!.at - Date.now())).toBeLessThan(10_000)
    expect(await ada.news()).toEqual(news)
  })

  it('comes as it was said, markup too, in JSON that no browser takes for a page', async () => {
    const room = await makeRoom()
    await room.say('<b>Ada</b>', '<script>"\u2028\\')
    const answer = await room.poll('Ada', '0')
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { messages } = (await answer.json()) as News
    expect(messages).toMatchObject([{ name: '<b>Ada</b>', text: '<script>"\u2028\\' }])
  })

  it('is sent at once, as far as it was missed, to who names the last change known', async () => {
    const room = await makeRoom()
    const after: string[] = []
    for (const text of ['one', 'two', 'three']) {
      await room.say('Eve', text)
      after.push((await room.news('Ada', '0')).last)
    }
    const [one, two, last] = after
    const texts = (news: News) => news.messages.map(({ text }) => text)
    expect((await room.news('Ada', '0')).messages.map(({ name, text }) => [name, text])).toEqual([
      ['Eve', 'one'],
      ['Eve', 'two'],
      ['Eve', 'three'],
    ])
    expect(texts(await room.news('Ada', one))).toEqual(['two', 'three'])
    expect(texts(await (await room.enter('Ada', two)).news())).toEqual(['three'])
    // Who misses nothing, or names no change, is sent what comes next.
    const [poll, pollOfNone] = [await room.poll('Ada', last), await room.poll('Ada')]
    const [guest, guestOfNone] = [await room.enter('Ada', last), await room.enter('Ada')]
    await room.say('Eve', 'four')
    for (const news of [
      await poll.json(),
      await pollOfNone.json(),
      await guest.news(),
      await guestOfNone.news(),
    ])
      expect(texts(news as News)).toEqual(['four'])
    expect(texts(await room.news('Ada', last))).toEqual(['four'])
  })

  it('is remembered for a hundred messages', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada', '0')
    for (let n = 1; n <= 102; n++) ada.say(`message ${n}`)
    await ada.newsWhere(({ messages }) => messages[0]?.text === 'message 102')
    const { messages } = await room.news('Ada', '0')
    expect(messages.map(({ text }) => text)).toEqual(
      Array.from({ length: 100 }, (_, n) => `message ${n + 3}`),
    )
  })

  it('is sent to who comes back after a restart, too', async () => {
    const [before, after] = [await makeRoom(), await makeRoom()]
    await before.say('Ada', 'Before')
    const { last } = await before.news('Ada', '0')
    await after.say('Ada', 'After')
    expect((await after.news('Ada', last)).messages).toMatchObject([{ text: 'After' }])
  })

  it.skipIf(!hasProgram('curl'))(
    'can be polled for, said and read again by curl, as the README shows',
    async () => {
      const room = await makeRoom()
      const lines = readFileSync(`${root}examples/README.md`, 'utf8').match(/^curl .*\/chat\/room.*$/gm)!
      const [poll, post, again] = lines.map((line) => () => {
        return start('sh', ['-c', `exec ${line.replace('http://localhost:8090', room.origin)}`])
      })
      const bob = await room.enter('Bob')
      const polling = poll!()
      await bob.sees('Bob', 'Ada')
      expect(await post!().exit).toBe(0)
      expect(await polling.exit).toBe(0)
      const news = await bob.news()
      expect(news.messages).toMatchObject([{ name: 'Bob', text: 'Tea is ready' }])
      expect(JSON.parse(polling.stdout)).toEqual(news)
      const reading = again!()
      expect(await reading.exit).toBe(0)
      expect(JSON.parse(reading.stdout)).toEqual(news)
    },
  )

  it('is compressed for who offers it, where it is long', async () => {
    const room = await makeRoom()
    for (let n = 0; n < 20; n++)
      await room.say('Ada', 'All work and no play makes Jack a dull boy. '.repeat(20))
    const ada = await room.enter('Ada', '0', { perMessageDeflate: true })
    expect(ada.peer.socket.extensions).toContain('permessage-deflate')
    expect((await ada.news()).messages).toHaveLength(20)
  })
})

describe('what is too much', () => {
  it('is a text of more than 1000 characters', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada', '0')
    expect((await room.say('Eve', '€'.repeat(1000))).status).toBe(204)
    expect(await ada.hears()).toBe('€'.repeat(1000))
    ada.say('ä'.repeat(1000))
    expect(await ada.hears()).toBe('ä'.repeat(1000))
    expect((await room.say('Eve', 'x'.repeat(1001))).status).toBe(413)
    expect((await room.say('Eve', 'x'.repeat(100_000))).status).toBe(413)
    ada.say('x'.repeat(1001))
    expect(await ada.peer.closed).toEqual({ code: 1009, reason: 'At most 1000 characters, please' })
    expect((await room.news('Ada', '0')).messages).toHaveLength(2)
  })

  it('is a WebSocket message that is large, or no text', async () => {
    const room = await makeRoom()
    for (const message of [Buffer.alloc(20_000), Buffer.from('binary')]) {
      const ada = await room.enter('Ada')
      ada.say(message)
      expect((await ada.peer.closed).code).toBe(1009)
    }
    expect((await room.news('Ada', '0')).messages).toEqual([])
  })

  it('is no name, and one of more than 32 characters', async () => {
    const room = await makeRoom()
    for (const name of ['', '  ', 'x'.repeat(33)]) {
      expect((await room.poll(name)).status).toBe(400)
      expect((await room.say(name, 'Hello')).status).toBe(400)
      await expect(room.enter(name)).rejects.toThrow('400')
    }
    expect((await fetch(`${room.origin}/chat/room`)).status).toBe(400)
    expect(await room.news(` ${'x'.repeat(32)} `, '0')).toMatchObject({
      present: ['x'.repeat(32)],
      messages: [],
    })
  })

  it('is the 101st name, while there is room for those who are in', async () => {
    const room = await makeRoom()
    const names = Array.from({ length: 100 }, (_, n) => `guest ${n}`)
    await Promise.all(names.map((name) => room.news(name, '0')))
    expect((await room.poll('Ada', '0')).status).toBe(503)
    await expect(room.enter('Ada')).rejects.toThrow('503')
    expect((await room.news('guest 42', '0')).present.sort()).toEqual(names.sort())
  })

  it('is the 501st channel at a time', async () => {
    const room = await makeRoom()
    const guest = await room.enter('Ada')
    for (const round of ['first', 'second']) {
      const polls = await Promise.all(Array.from({ length: 499 }, () => room.poll('Ada')))
      expect(new Set(polls.map(({ status }) => status))).toEqual(new Set([200]))
      expect((await room.poll('Ada')).status).toBe(503)
      await expect(room.enter('Ada')).rejects.toThrow('503')
      guest.say(round)
      for (const poll of polls) expect(await poll.json()).toMatchObject({ messages: [{ text: round }] })
    }
  })

  it('is nothing to say, which nobody is told', async () => {
    const room = await makeRoom()
    const ada = await room.enter('Ada')
    ada.say(' \n ')
    expect((await room.say('Eve', '')).status).toBe(204)
    ada.say('Something')
    expect(await ada.news()).toMatchObject({ messages: [{ text: 'Something' }] })
  })

  it('is another method than GET and POST', async () => {
    const room = await makeRoom()
    const answer = await fetch(room.address('Ada'), { method: 'DELETE' })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, POST'])
  })
})

describe('a page of another origin', () => {
  it.each(['http://elsewhere.example', 'http://127.0.0.1', 'http://127.0.0.1:1', 'null', 'file://'])(
    'may not poll, talk or open a WebSocket (%s)',
    async (Origin) => {
      const room = await makeRoom()
      expect((await room.poll('Eve', '0', { Origin })).status).toBe(403)
      expect((await room.say('Eve', 'Hello', { Origin })).status).toBe(403)
      await expect(room.enter('Eve', '0', { headers: { Origin } })).rejects.toThrow('403')
      expect(await room.news('Ada', '0')).toMatchObject({ present: ['Ada'], messages: [] })
    },
  )

  it.skipIf(lacks.closing)(
    unless(lacks.closing, 'ends the connection of a WebSocket that is refused'),
    async () => {
      const room = await makeRoom()
      const peer = await connectPeer(Number(new URL(room.origin).port))
      const headers = { Origin: 'http://elsewhere.example' }
      peer.send(handshakeRequest({ path: '/chat/room?name=Eve', headers }))
      peer.send('GET /hello HTTP/1.1\r\nHost: x\r\n\r\n')
      expect((await peer.responsesUntilEnd()).map(({ status }) => status)).toEqual([403])
    },
  )

  it('is not the page itself, under whichever name it was asked for', async () => {
    const room = await makeRoom()
    const own = { headers: { Origin: room.origin } }
    const ada = await room.enter('Ada', '0', own)
    expect((await room.say('Ada', 'Hello', own.headers)).status).toBe(204)
    expect(await ada.hears()).toBe('Hello')
    const behindProxy = { headers: { Host: 'chat.example', Origin: 'https://chat.example' } }
    expect((await (await room.enter('Bob', '0', behindProxy)).news()).present).toEqual(['Ada', 'Bob'])
  })
})

describe('silence', () => {
  it.skipIf(lacks.pings)(
    unless(lacks.pings, 'takes a peer that answers no ping off the list'),
    { timeout: 40_000 },
    async () => {
      const { watched } = await silence
      let news = await watched.news('Ada', '0')
      while (news.present.includes('Bob')) news = await watched.news('Ada', news.last)
      expect(news.present).toEqual(['Cyd', 'Ada'])
    },
  )

  it('is what a poll is answered with after 25 seconds', { timeout: 40_000 }, async () => {
    const { poll, pollTime } = await silence
    expect(await poll).toMatchObject({ present: ['Ada'], messages: [] })
    expect(Math.abs((await pollTime) - 25_000)).toBeLessThan(5000)
  })
})

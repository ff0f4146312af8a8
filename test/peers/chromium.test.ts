// Headless Chromium on the chat page that `npm start` serves: what a browser does with WebSockets and long polls.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { type Browser, chromium, type Page, startChromium } from '../support/chromium.js'
import { endExamples, lacks, launchExamples } from '../support/examples.js'
import type { Program } from '../support/programs.js'

interface Chat {
  program: Program
  origin: string
}

/** The examples, on a port of 127.0.0.1 that they can have again: none that the system gives away by itself. */
async function serveChat(port = 0): Promise<Chat> {
  const PORT = String(port || 20_000 + Math.floor(Math.random() * 12_000))
  const program = launchExamples({ PORT })
  const listens = program.prints(/at (http:\/\/localhost:\d+)/).then(([, origin]) => origin!)
  const origin = await listens.catch((error) => {
    if (port === 0 && program.stderr.includes('is taken')) return undefined
    throw error
  })
  if (origin === undefined) return serveChat()
  onTestFinished(() => endExamples(program))
  return { program, origin }
}

/** A way to the server that can be cut. */
async function relayTo(origin: string): Promise<{ origin: string; cut: () => void; mend: () => void }> {
  const sockets = new Set<Socket>()
  let isCut = false
  const relay = createServer((near) => {
    if (isCut) return near.destroy()
    const far = connect(Number(new URL(origin).port), '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket.on('error', () => {}))
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far).pipe(near)
  })
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    cut()
    relay.close()
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  const mend = (): void => {
    isCut = false
  }
  return { origin: `http://127.0.0.1:${port}`, cut, mend }
}

const texts = (selector: string): string =>
  `Array.from(document.querySelectorAll('${selector}'), (one) => one.textContent)`
const state = `document.getElementById('state').textContent`

/** Settles when these are in the list, and nobody else. */
const shows = (page: Page, ...names: string[]): Promise<void> =>
  page.until(
    `JSON.stringify(${texts('#present li')}.sort()) === ${JSON.stringify(JSON.stringify(names.sort()))}`,
  )

/** Settles when the last line is this one. */
const reads = (page: Page, name: string, text: string): Promise<void> =>
  page.until(
    `${texts('#log b')}.at(-1) === ${JSON.stringify(name)} && ${texts('#log span')}.at(-1) === ${JSON.stringify(text)}`,
  )

async function say(page: Page, text: string): Promise<void> {
  await page.type(text)
  await page.press('Enter')
}

describe.skipIf(!chromium)(`the chat page${chromium ? '' : ' (skipped: no chromium here)'}`, () => {
  let browser: Browser

  beforeAll(async () => {
    ensureBuilt()
    browser = await startChromium()
  }, 120_000)

  afterAll(() => browser?.close())

  /** A tab that has joined, by keyboard alone. */
  async function joined(origin: string, name: string, query = '', script = ''): Promise<Page> {
    const page = await browser.open(`${origin}/chat${query}`, script)
    for (const _ of ['the first page', 'the name']) await page.press('Tab')
    await say(page, name)
    await page.until(`${state}.startsWith('Connected')`)
    await page.until(`document.activeElement.id === 'text'`)
    return page
  }

  it('lets two tabs talk over WebSocket, and shows who is there', async () => {
    const { origin } = await serveChat()
    const [ada, bob] = [await joined(origin, 'Ada'), await joined(origin, 'Bob')]
    for (const page of [ada, bob]) await shows(page, 'Ada', 'Bob')
    expect(await ada.evaluate(state)).toBe('Connected by WebSocket')
    await say(ada, 'Tea is ready')
    for (const page of [ada, bob]) await reads(page, 'Ada', 'Tea is ready')
    await say(bob, 'Coming – größer 🍵')
    for (const page of [ada, bob]) await reads(page, 'Bob', 'Coming – größer 🍵')
    expect(await ada.evaluate(`${texts('#log p')}.length`)).toBe(2)
    expect([...ada.problems, ...bob.problems]).toEqual([])
  })

  it('shows what was said before', async () => {
    const { origin } = await serveChat()
    const ada = await joined(origin, 'Ada')
    await say(ada, 'Anybody here?')
    await reads(ada, 'Ada', 'Anybody here?')
    await reads(await joined(origin, 'Bob'), 'Ada', 'Anybody here?')
  })

  it.for(['', '?transport=poll'])(
    'takes who goes to another page off the list, and back on (%s)',
    async (query, { skip }) => {
      skip(lacks.departures && query !== '', 'workerd does not notice that a poll is left')
      const { origin } = await serveChat()
      const ada = await joined(origin, 'Ada')
      const bob = await joined(origin, 'Bob', query)
      await shows(ada, 'Ada', 'Bob')
      await bob.evaluate(`location = '/'`)
      await shows(ada, 'Ada')
      await bob.evaluate('history.back()')
      await shows(ada, 'Ada', 'Bob')
    },
  )

  it('shows markup in names and messages as what it is', async () => {
    const { origin } = await serveChat()
    const markup = '<b onclick=x>&lt;/script>'
    const page = await joined(origin, markup)
    const ada = await joined(origin, 'Ada')
    const image = '<img src=x onerror="document.title=1">'
    await say(page, image)
    for (const one of [page, ada]) {
      await reads(one, markup, image)
      await shows(one, 'Ada', markup)
      expect(await one.evaluate(`document.querySelectorAll('img, #present b, [onclick]').length`)).toBe(0)
      expect(one.problems).toEqual([])
    }
  })

  it('runs no script but its own', async () => {
    const { origin } = await serveChat()
    const page = await joined(origin, 'Ada')
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`,
    )
    expect(await page.evaluate('window.ran === undefined')).toBe(true)
    expect(page.problems.join()).toContain('Content Security Policy')
  })

  it('talks by long polling with a tab on WebSocket, where it is told to', async () => {
    const { origin } = await serveChat()
    const ada = await joined(origin, 'Ada')
    const bob = await joined(origin, 'Bob', '?transport=poll')
    expect(await bob.evaluate(state)).toBe('Connected by long polling')
    for (const page of [ada, bob]) await shows(page, 'Ada', 'Bob')
    await say(bob, 'From a poll')
    for (const page of [ada, bob]) await reads(page, 'Bob', 'From a poll')
    for (let n = 1; n <= 20; n++) await say(ada, `From a WebSocket, ${n}`)
    for (const page of [ada, bob]) {
      await reads(page, 'Ada', 'From a WebSocket, 20')
      expect(await page.evaluate(`${texts('#log p')}.length`)).toBe(21)
    }
    expect(bob.problems).toEqual([])
  })

  it('talks by long polling where the browser has no WebSocket', async () => {
    const { origin } = await serveChat()
    const page = await joined(origin, 'Ada', '', 'delete window.WebSocket')
    await say(page, 'Without')
    await reads(page, 'Ada', 'Without')
    expect(await page.evaluate(state)).toBe('Connected by long polling')
  })

  it('talks by long polling where WebSockets do not come through', async () => {
    const { origin } = await serveChat()
    const blocked =
      'WebSocket = class extends WebSocket { constructor(url) { super(url.replace("/chat/room", "/hello")) } }'
    const page = await joined(origin, 'Ada', '', blocked)
    await say(page, 'All the same')
    await reads(page, 'Ada', 'All the same')
    expect(await page.evaluate(state)).toBe('Connected by long polling')
  })

  it('keeps what could not be sent, to be sent again', async () => {
    const { origin } = await serveChat()
    const page = await joined(origin, 'Ada', '?transport=poll')
    await page.evaluate(`window.realFetch = fetch
      fetch = (url, options) => options.method === 'POST' ? Promise.reject(new Error('lost')) : realFetch(url, options)`)
    await say(page, 'Is this')
    await page.evaluate('fetch = realFetch')
    await say(page, ' lost?')
    await reads(page, 'Ada', 'Is this lost?')
  })

  it('follows what is said, unless it was scrolled back', async () => {
    const { origin } = await serveChat()
    const [ada, bob] = [await joined(origin, 'Ada'), await joined(origin, 'Bob', '?transport=poll')]
    const lines = async (from: number) => {
      for (let n = from; n < from + 50; n++) await say(ada, `Line ${n}`)
      await reads(bob, 'Ada', `Line ${from + 49}`)
      const [scrolled, rest] = await bob.evaluate<[number, number]>(
        '[scrollY, document.documentElement.scrollHeight - scrollY - innerHeight]',
      )
      return { scrolled, rest }
    }
    expect((await lines(1)).rest).toBeLessThan(1)
    await bob.evaluate('scrollTo(0, 100)')
    expect((await lines(51)).scrolled).toBe(100)
    await bob.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    expect((await lines(101)).rest).toBeLessThan(1)
  })

  it.each(['', '?transport=poll'])('is told what it missed, when it was cut off (%s)', async (query) => {
    const { origin } = await serveChat()
    const bob = await joined(origin, 'Bob')
    const relay = await relayTo(origin)
    const ada = await joined(relay.origin, 'Ada', query)
    await say(bob, 'Before')
    await reads(ada, 'Bob', 'Before')
    relay.cut()
    await ada.until(`${state}.startsWith('Connection lost')`)
    for (const text of ['Missed', 'Missed, too']) await say(bob, text)
    relay.mend()
    await reads(ada, 'Bob', 'Missed, too')
    expect(await ada.evaluate(texts('#log span'))).toEqual(['Before', 'Missed', 'Missed, too'])
  })

  it.each([
    [0, '1 1 1 2 4'],
    [1, '1 1 2 4'],
  ])('waits twice as long after each try, less up to a half by chance (%d)', async (chance, waits) => {
    const { program, origin } = await serveChat()
    const page = await joined(origin, 'Ada', '', `Math.random = () => ${chance}`)
    await page.evaluate(`window.states = ''
      new MutationObserver(() => { states += ${state} + '\\n' }).observe(document.getElementById('state'), { childList: true })`)
    await endExamples(program)
    await page.until(`states.includes('in 4 s')`)
    const seen = await page.evaluate<string>('states')
    expect(Array.from(seen.matchAll(/Next try in (\d+) s/g), ([, seconds]) => seconds).join(' ')).toBe(waits)
  })

  it('waits no longer than at first, once it was connected again', async () => {
    const { program, origin } = await serveChat()
    const page = await joined(origin, 'Ada', '', 'Math.random = () => 0')
    await endExamples(program)
    await page.until(`${state}.endsWith('in 2 s')`)
    const again = await serveChat(Number(new URL(origin).port))
    await page.until(`${state}.startsWith('Connected')`)
    await endExamples(again.program)
    const lost = await page.until(`${state}.startsWith('Connection lost') && ${state}`)
    expect(lost).toBe('Connection lost. Next try in 1 s')
  })

  it('connects again when the server has been away, and goes on', async () => {
    const { program, origin } = await serveChat()
    const ada = await joined(origin, 'Ada')
    const bob = await joined(origin, 'Bob', '?transport=poll')
    await say(ada, 'Before')
    for (const page of [ada, bob]) await reads(page, 'Ada', 'Before')
    program.child.kill('SIGTERM')
    for (const page of [ada, bob]) await page.until(`${state}.startsWith('Connection lost. Next try in')`)
    await program.exit
    await say(ada, 'Not yet sent')
    await serveChat(Number(new URL(origin).port))
    await ada.until(`${state} === 'Connected by WebSocket'`)
    await bob.until(`${state} === 'Connected by long polling'`)
    for (const page of [ada, bob]) await shows(page, 'Ada', 'Bob')
    await ada.press('Enter')
    for (const page of [ada, bob]) await reads(page, 'Ada', 'Not yet sent')
    await say(bob, 'After')
    for (const page of [ada, bob]) {
      await reads(page, 'Bob', 'After')
      expect(await page.evaluate(texts('#log span'))).toEqual(['Before', 'Not yet sent', 'After'])
    }
  })
})

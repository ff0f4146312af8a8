// The showcase that `npm start` serves, in headless Chromium: each page does what it says it does, for whoever looks at it
// however they look. What else the chat does is in peers/chromium.test.ts.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
// @ts-expect-error: the examples are plain JavaScript
import { bytesOfText } from '../../examples/fuzz/bytes.js'
// @ts-expect-error
import { samples } from '../../examples/fuzz/samples.js'
import { type ProtocolError, parseRequestHead } from '../../src/core.js'
import { ensureBuilt } from '../support/built.js'
import { type Browser, chromium, type Page, startChromium } from '../support/chromium.js'
import { hasRedis, RedisServer } from '../support/redis-server.js'
import {
  faint,
  nameless,
  openAt,
  overflow,
  press,
  type Served,
  serveShowcase,
  textOf,
} from '../support/showcase.js'

describe.skipIf(!chromium)(`the showcase${chromium ? '' : ' (skipped: no chromium here)'}`, () => {
  let browser: Browser
  let served: Served

  beforeAll(async () => {
    ensureBuilt()
    ;[browser, served] = await Promise.all([startChromium(), serveShowcase()])
  }, 120_000)

  afterAll(async () => {
    served?.program.child.kill('SIGKILL')
    await served?.program.exit
    await browser?.close()
  })

  const open = (path: string): Promise<Page> => browser.open(served.origin + path)

  describe.each(['/', '/chat', '/backpressure', '/live', '/fuzz', '/upload'])('%s', (path) => {
    it('is for everybody: named, legible in light and dark, as wide as the window, with nothing refused', async () => {
      const page = await open(path)
      if (path === '/fuzz') await page.until(`document.querySelector('#record td')`)
      const about = await page.evaluate(`[
        document.documentElement.lang,
        document.title.includes('httpkit-wasm'),
        document.querySelectorAll('h1').length,
        Array.from(document.querySelectorAll('[id]'), ({ id }) => id).every((id, n, all) => all.indexOf(id) === n),
      ]`)
      expect(about).toEqual(['en', true, 1, true])
      expect(await nameless(page)).toEqual([])
      for (const scheme of ['light', 'dark'] as const) expect(await faint(page, scheme)).toEqual([])
      expect(await overflow(page, 320)).toBeLessThanOrEqual(0)
      expect(page.problems).toEqual([])
    })

    it('asks nobody else for anything, and no script may be put into it', async () => {
      const page = await open(path)
      const from = await page.evaluate<string[]>(
        `performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)`,
      )
      expect(new Set(from)).toEqual(new Set([served.origin]))
      const answer = await fetch(served.origin + path)
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
      const policy = answer.headers.get('content-security-policy')!
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'/)
      expect(policy).not.toContain('unsafe-inline')
      expect(policy.includes('unsafe')).toBe(path === '/fuzz') // it compiles the core
      await page.evaluate(
        `document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`,
      )
      expect(await page.evaluate('window.ran === undefined')).toBe(true)
    })
  })

  it('begins with a page that leads to each of the pages, and to the lines for curl', async () => {
    const page = await open('/')
    const links = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('.showpieces a'), (link) => link.pathname)`,
    )
    expect(links).toEqual(['/chat', '/backpressure', '/live', '/fuzz'])
    for (const link of links) expect((await fetch(served.origin + link)).status).toBe(200)
    const lines = await page.evaluate<string[]>(
      `Array.from(document.querySelectorAll('pre code'), (line) => line.textContent)`,
    )
    expect(lines).toContain(`curl ${served.origin}/hello`)
  })

  describe('backpressure', () => {
    const bytesOf = (page: Page, id: string): Promise<number> =>
      page.evaluate(`document.getElementById('${id}').value * 64`)

    /** How far the browser is, when it has not got further for a while. */
    async function stalledAt(page: Page): Promise<number> {
      for (let before = -1; ; ) {
        const now = await bytesOf(page, 'sent')
        if (now === before) return now
        before = now
        await new Promise((resolve) => setTimeout(resolve, 800))
      }
    }

    it('stalls the browser when the server pauses, and loses nothing', async () => {
      const page = await openAt(browser, `${served.origin}/backpressure`, 'Ready')
      await press(page, 'send')
      await page.until(`document.getElementById('read').value > 0.02`)
      await press(page, 'pause')
      const sent = await stalledAt(page)
      const read = await bytesOf(page, 'read')
      expect(sent).toBeLessThan(64)
      expect(read).toBeLessThanOrEqual(sent)
      expect(await textOf(page, 'state')).toBe('Sending')
      expect(await textOf(page, 'hash')).toBe('–')
      await page.evaluate(`(() => {
        const speed = document.getElementById('speed')
        speed.value = speed.max
        speed.oninput()
      })()`)
      expect(await stalledAt(page)).toBe(sent) // a pause is a pause, at any speed
      await press(page, 'pause')
      await page.until(
        `document.getElementById('state').textContent === 'Read to the end, and nothing got lost'`,
      )
      expect(await textOf(page, 'hash')).toMatch(/^[0-9a-f]{64}$/)
      expect(await textOf(page, 'hash')).toBe(await textOf(page, 'own-hash'))
      expect(await textOf(page, 'read-text')).toBe('64 MiB')
      expect(await page.evaluate(`document.querySelector('#chart b:last-child') !== null`)).toBe(true)
      expect(page.problems).toEqual([])
    })

    it('lets go of an upload that is given up, and of a page that is left', async () => {
      const page = await openAt(browser, `${served.origin}/backpressure`, 'Ready')
      await press(page, 'pause')
      await press(page, 'send')
      await page.until(`document.getElementById('sent').value > 0`)
      await press(page, 'abort')
      await page.until(`document.getElementById('state').textContent === 'Given up'`)
      await press(page, 'send')
      await page.until(`document.getElementById('state').textContent === 'Sending'`)
      await page.call('Page.navigate', { url: 'about:blank' })
      const inFlight = async (): Promise<string> =>
        /in_flight\S* (\d+)/.exec(await (await fetch(`${served.origin}/metrics`)).text())![1]!
      await expect.poll(inFlight, { timeout: 10_000 }).toBe('1') // that question itself
      expect(served.program.stderr).toBe('')
    })

    it('is not for who has no page open', async () => {
      const answer = await fetch(`${served.origin}/backpressure/upload?id=x`, { method: 'PUT', body: 'x' })
      expect(answer.status).toBe(404)
    })
  })

  describe('live metrics', () => {
    const number = (id: string, line = 0): string =>
      `Number.parseFloat(document.querySelectorAll('#${id} b')[${line}]?.textContent.replace(',', ''))`

    it('rise while there is load, and fall when there is enough', async () => {
      const page = await openAt(browser, `${served.origin}/live`, 'Connected')
      const websockets = number('connections', 1) // its own, as soon as it is counted
      await page.until(`${websockets} > 0 && ${number('requests')} < 20`)
      await press(page, 'load')
      await page.until(`${number('requests')} > 20`)
      expect(await page.evaluate(number('latency'))).toBeGreaterThan(0)
      expect(await page.evaluate(number('bytes', 1))).toBeGreaterThan(0)
      const ink = await page.evaluate<number>(`(() => {
        const { width, height } = document.querySelector('#requests canvas')
        const { data } = document.querySelector('#requests canvas').getContext('2d').getImageData(0, 0, width, height)
        return data.filter((alpha, n) => n % 4 === 3 && alpha > 0).length
      })()`)
      expect(ink).toBeGreaterThan(100)
      await press(page, 'load')
      await page.until(`${number('requests')} < 20`)
      expect(page.problems).toEqual([])
    })

    it('show what blocks the event loop, which a thread does not', async () => {
      const page = await openAt(browser, `${served.origin}/live`, 'Connected')
      await page.until(`${number('loop')} < 150`)
      await press(page, 'block')
      await page.until(`${number('loop')} >= 150`)
      await press(page, 'compute')
      await page.until(`/primes .* by thread \\d/.test(document.getElementById('state').textContent)`)
    })

    it('are lines of JSON for who asks without a WebSocket, from the same channel', async () => {
      const answer = await fetch(`${served.origin}/live/feed`)
      expect(answer.headers.get('content-type')).toBe('application/x-ndjson')
      let text = ''
      for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += piece
        if (text.includes('\n')) break // leaving the loop, it leaves
      }
      expect(JSON.parse(text.slice(0, text.indexOf('\n')))).toMatchObject({
        requests: expect.any(Number),
        connections: expect.any(Number),
      })
    })
  })

  describe('the fuzz corner', () => {
    interface Shown {
      verdict: string
      why: string
      rows: string[][]
      wrong: number
    }

    async function openFuzz(hash = ''): Promise<Page> {
      const page = await open(`/fuzz${hash}`)
      await page.until(`document.getElementById('verdict').className !== ''`)
      return page
    }

    /** What is shown of these bytes. */
    async function reads(page: Page, text: string): Promise<Shown> {
      await page.evaluate(`(async () => {
        const field = document.getElementById('bytes')
        field.value = ${JSON.stringify(text)}
        await field.oninput()
      })()`)
      return shown(page)
    }

    const shown = (page: Page): Promise<Shown> =>
      page.evaluate(`({
        verdict: document.getElementById('verdict').textContent,
        why: document.getElementById('why').textContent,
        rows: Array.from(document.querySelectorAll('#record tbody tr'), (row) => Array.from(row.cells, (cell) => cell.textContent)),
        wrong: Array.from(document.querySelectorAll('.tile')).findIndex((tile) => tile.matches('.wrong-byte')),
      })`)

    const choose = (page: Page, id: string, value: string): Promise<void> =>
      page.evaluate(`(() => {
        const field = document.getElementById('${id}')
        field.value = '${value}'
        field.dispatchEvent(new Event('change', { bubbles: true }))
      })()`)

    const readAs = async (page: Page, kind: string): Promise<Shown> => {
      await page.evaluate(`document.querySelector('[value=${kind}]').click()`)
      await page.until(`document.getElementById('verdict').className !== ''`)
      return shown(page)
    }

    it('shows the record of a request as it is typed, by keyboard alone', async () => {
      const page = await openFuzz()
      await page.evaluate(`document.getElementById('bytes').select()`)
      await page.type('POST /a?b HTTP/1.1\\r\\nHost: x\\r\\nX-\\x41:  ü \\r\\n\\r\\nrest')
      const { verdict, why, rows, wrong } = await shown(page)
      expect(verdict).toBe('A request’s head of 42 bytes')
      expect(why).toBe('Behind it are 4 bytes more, not looked at.')
      expect(rows).toEqual([
        ['method', 'POST', '0–3'],
        ['target', '/a?b', '5–8'],
        ['protocol', 'HTTP/1.1', '10–17'],
        ['Host', 'x', '20–26'],
        ['X-A', 'Ã¼', '29–37'],
      ])
      expect(wrong).toBe(-1)
      expect(await textOf(page, 'dribble')).toBe('Fed byte by byte, the reader knows after byte 42.')
      await page.evaluate(`document.querySelector('#record button').focus()`)
      expect(await page.evaluate(`document.querySelectorAll('.tile.lit').length`)).toBe(4)
      expect(page.problems).toEqual([])
    })

    it('shows where an error is, and what answers it', async () => {
      const page = await openFuzz()
      const found = await reads(page, 'GET / HTTP/1.1\\r\\nHost: a\\nX: y\\r\\n\\r\\n')
      expect(found).toEqual({
        verdict: 'BARE_LF at byte 23',
        why: 'Refused: a line feed without a carriage return. That is answered with status 400.',
        rows: [],
        wrong: 23,
      })
      expect(await textOf(page, 'dribble')).toBe('Fed byte by byte, the reader knows after byte 24.')
      await page.until(`document.getElementById('spoken').textContent.startsWith('BARE_LF at byte 23')`)
    })

    it('says of each sample what the core says here', async () => {
      const page = await openFuzz()
      for (const [n, [name, text]] of (samples.request as [string, string][]).entries()) {
        await choose(page, 'sample', String(n))
        expect((await shown(page)).verdict, name).toBe(verdictOf(bytesOfText(text)))
      }
    })

    function verdictOf(bytes: Uint8Array): string {
      try {
        const head = parseRequestHead(bytes)
        return head === undefined ? 'Incomplete' : `A request’s head of ${head.length} bytes`
      } catch (error) {
        const { code, offset } = error as ProtocolError
        return `${code} at byte ${offset}`
      }
    }

    it('reads what has arrived so far, as a network would bring it', async () => {
      const page = await openFuzz()
      await page.evaluate(`(() => {
        const slider = document.getElementById('arrived')
        slider.value = 20
        slider.dispatchEvent(new Event('input'))
      })()`)
      expect((await shown(page)).verdict).toBe('Incomplete')
      expect(await textOf(page, 'count')).toBe('20 of 71 bytes')
      expect(await page.evaluate(`document.querySelectorAll('.tile.absent').length`)).toBe(51)
    })

    it('takes hexadecimal, and says what is none', async () => {
      const page = await openFuzz()
      await choose(page, 'notation', 'hex')
      expect((await reads(page, '474554202f20485454502f312e310d0a 0d 0a')).verdict).toBe(
        'MISSING_HOST at byte 16',
      )
      await reads(page, '47 4')
      expect(await textOf(page, 'complaint')).toBe('Half a byte: each has two digits.')
      await choose(page, 'notation', 'text')
      await reads(page, 'GET \\q')
      expect(await textOf(page, 'complaint')).toContain('\\q is no escape')
      expect(await page.evaluate(`document.getElementById('bytes').getAttribute('aria-invalid')`)).toBe(
        'true',
      )
    })

    it('reads responses, frames, queries and forms, too', async () => {
      const page = await openFuzz()
      expect((await readAs(page, 'response')).rows[1]).toEqual(['status', '200', '9–11'])
      const frames = await readAs(page, 'frames')
      expect(frames.rows).toEqual([
        ['opcode', 'text', '0'],
        ['length', '5', '1'],
        ['mask', '37 fa 21 3d', '2–5'],
        ['payload', 'Hello', '6–10'],
      ])
      expect(await reads(page, '81 05 48 65 6c 6c 6f')).toMatchObject({
        verdict: 'UNMASKED_FRAME at byte 1',
        why: 'Refused: a frame from a client that is not masked. That closes with code 1002.',
      })
      expect((await readAs(page, 'query')).rows).toEqual([
        ['name', 'Ada Lovelace', ''],
        ['tag', 'one', ''],
        ['tag', 'two', ''],
        ['city', 'Zürich', ''],
      ])
      const form = await readAs(page, 'multipart')
      expect(form.verdict).toBe('2 parts')
      expect(form.rows.map(([field, value]) => [field, value])).toContainEqual(['filename', 'a.txt'])
      expect(page.problems).toEqual([])
    })

    it('shows markup as what it is', async () => {
      const page = await openFuzz()
      const markup = '<img src=x onerror=alert(1)>'
      const { rows } = await reads(page, `GET / HTTP/1.1\\r\\nHost: a\\r\\nX: ${markup}\\r\\n\\r\\n`)
      expect(rows.at(-1)).toEqual(['X', markup, '25–55'])
      expect(await page.evaluate(`document.querySelector('img')`)).toBe(null)
    })

    it('has a link to what was typed', async () => {
      const page = await openFuzz()
      await reads(page, 'GET /shared HTTP/1.0\\r\\n\\r\\n')
      await expect.poll(() => page.evaluate<string>('location.hash')).toContain('shared')
      const other = await openFuzz(await page.evaluate<string>('location.hash'))
      expect((await shown(other)).rows[1]).toEqual(['target', '/shared', '4–10'])
    })

    it('flips bits and counts what comes of it, until one is looked at', async () => {
      const page = await openFuzz()
      await press(page, 'mutate')
      await page.until(`document.querySelectorAll('#verdicts tbody tr').length > 4`)
      expect(await textOf(page, 'rate')).toMatch(/^[\d,]+ readings a second, [\d.]+ % accepted$/)
      const [name] = await page.evaluate<string[]>(`(() => {
        const row = Array.from(document.querySelectorAll('#verdicts tbody tr')).find(({ className }) => className === 'refused')
        row.querySelector('button').click()
        return [row.cells[0].textContent]
      })()`)
      expect((await shown(page)).verdict).toContain(`${name} at byte`)
      expect(await page.evaluate(`document.getElementById('mutate').getAttribute('aria-pressed')`)).toBe(
        'false',
      )
      expect(page.problems).toEqual([])
    })

    it('sends nothing of what is typed: its policy forbids it', async () => {
      const page = await openFuzz()
      const sent = await page.evaluate(`fetch('/hello').then(() => 'sent', () => 'refused')`)
      expect(sent).toBe('refused')
    })
  })

  describe.skipIf(!hasRedis)(
    `the chat across processes${hasRedis ? '' : ' (skipped: no redis-server here)'}`,
    () => {
      const hubText = `document.getElementById('hub').textContent`

      async function joined(origin: string, name: string, query = ''): Promise<Page> {
        const page = await browser.open(`${origin}/chat${query}`)
        await page.evaluate(
          `document.getElementById('name').value = '${name}'; document.querySelector('#join button').click()`,
        )
        await page.until(`document.activeElement.id === 'text'`)
        return page
      }

      async function say(page: Page, text: string): Promise<void> {
        await page.type(text)
        await page.press('Enter')
      }

      const reads = (page: Page, text: string): Promise<void> =>
        page.until(
          `document.querySelector('#log p:last-child span')?.textContent === ${JSON.stringify(text)}`,
        )

      it('joins pages of several servers in one room, also when Redis or a server was away', async () => {
        const redis = await RedisServer.start()
        const served: Served[] = []
        onTestFinished(async () => {
          for (const { program } of served) program.child.kill('SIGKILL')
          for (const { program } of served) await program.exit
          await redis.stop()
        })
        const serve = async (PORT = '0'): Promise<Served> => {
          const one = await serveShowcase({ REDIS_URL: redis.path, PORT })
          served.push(one)
          return one
        }
        const [first, second] = await Promise.all([serve(), serve()])
        const ada = await joined(first.origin, 'Ada')
        const bob = await joined(second.origin, 'Bob')
        const cyd = await joined(second.origin, 'Cyd', '?transport=poll')
        const processes = [first, second].map(({ program }) => String(program.child.pid))

        // Each says which process it is in, and who is in which.
        for (const [page, here] of [
          [ada, 0],
          [bob, 1],
          [cyd, 1],
        ] as const) {
          await page.until(`document.querySelectorAll('#present li').length === 3`)
          expect(await page.evaluate(hubText)).toBe(
            `You are in process ${processes[here]}; Redis joins it to the others`,
          )
          const groups = await page.evaluate<[string, string[]][]>(
            `Array.from(document.querySelectorAll('#present p'), (label) => [
            label.textContent, Array.from(label.nextElementSibling.children, (one) => one.textContent).sort()])`,
          )
          const yours = (n: number) => `Process ${processes[n]}${n === here ? ', yours' : ''}`
          expect(Object.fromEntries(groups)).toEqual({ [yours(0)]: ['Ada'], [yours(1)]: ['Bob', 'Cyd'] })
        }
        await say(ada, 'Tea is ready')
        for (const page of [ada, bob, cyd]) await reads(page, 'Tea is ready')
        await say(cyd, 'Coming')
        for (const page of [ada, bob, cyd]) await reads(page, 'Coming')

        // Without Redis, those of one process still hear each other; with it again, all do.
        await redis.kill()
        for (const page of [ada, bob, cyd]) await page.until(`${hubText}.startsWith('Redis is away')`)
        await say(bob, 'Only here')
        for (const page of [bob, cyd]) await reads(page, 'Only here')
        await redis.begin()
        for (const page of [ada, bob, cyd])
          await page.until(`${hubText}.endsWith('Redis joins it to the others')`)
        await say(ada, 'All again')
        for (const page of [ada, bob, cyd]) await reads(page, 'All again')
        for (const page of [ada, bob, cyd])
          expect(page.problems.filter((one) => !one.includes('net::'))).toEqual([])
      }, 40_000)
    },
  )
})

// Headless Chromium's form on the upload page that `npm start` serves, with the page's script and without.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ensureBuilt } from '../support/built.js'
import { type Browser, chromium, type Page, startChromium } from '../support/chromium.js'
import { endExamples, launchExamples } from '../support/examples.js'
import { sha256 } from '../support/upload-service.js'
import { noise, type SourceFolder, sourceFolder } from '../support/upload-sources.js'

interface Listed {
  name: string
  /** Type and size. */
  about: string
  hash: string
}

const inputId = 'files'
const stateText = `document.getElementById('state').textContent`

/** What the page says came: its texts, and its list of files. */
const reportOf = (page: Page): Promise<{ texts: string[]; files: Listed[] }> =>
  page.evaluate(`({
    texts: Array.from(document.querySelectorAll('#report dt, #report dd'), (one) => one.textContent),
    files: Array.from(document.querySelectorAll('#report li'), (item) => {
      const [name, about, hash] = Array.from(item.children, (one) => one.textContent)
      return { name, about, hash }
    }),
  })`)

const listed = (name: string, type: string, content: string | Uint8Array): Listed => ({
  name,
  about: `${type}, ${Buffer.byteLength(content)} bytes`,
  hash: sha256(content),
})

/** Names that are awkward somewhere between a disk and a page. */
const oddNames = [
  'a"b\n.txt',
  'naïve ☕.txt',
  'a\r\nb.txt',
  "semi;colon='1'.txt",
  'percent%20%.txt', // not %22: browsers write a quote like that, and a percent sign as it is
  '<img src=x onerror=alert(1)>.txt',
  ' spaces  .txt',
  '&amp;.txt',
  'שלום.txt',
]

describe.skipIf(!chromium)(`the upload page${chromium ? '' : ' (skipped: no chromium here)'}`, () => {
  let browser: Browser
  let origin = ''
  const ends: (() => Promise<unknown>)[] = []

  beforeAll(async () => {
    ensureBuilt()
    const program = launchExamples()
    ends.push(() => endExamples(program))
    const [, address] = await program.prints(/at (http:\/\/localhost:\d+)/)
    origin = address!
    browser = await startChromium()
    ends.push(() => browser.close())
  }, 120_000)

  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  const open = (script = ''): Promise<Page> => browser.open(`${origin}/upload`, script)

  /** Chooses files in the form, as its user would. */
  async function choose(page: Page, files: string[]): Promise<void> {
    const { root } = await page.call('DOM.getDocument')
    const { nodeId } = await page.call('DOM.querySelector', { nodeId: root.nodeId, selector: `#${inputId}` })
    await page.call('DOM.setFileInputFiles', { nodeId, files })
  }

  function writeOdd(folder: SourceFolder): string[] {
    return oddNames.map((name) => folder.write(name, name))
  }

  const oddFiles = oddNames.map((name) => listed(name, 'text/plain', name))

  it('can be filled in and sent by keyboard alone, and says what came', async () => {
    const page = await open()
    const content = noise(3_000_000)
    const folder = sourceFolder()
    await choose(page, [folder.write('a.txt', 'hello'), folder.write('large.bin', content)])
    for (const _ of ['the first page', 'the note']) await page.press('Tab')
    await page.type('naïve ☕ <b>')
    await page.press('Tab')
    await page.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Send')
    await page.press('Enter')
    await page.until(`${stateText} === 'Sent'`)
    expect(await reportOf(page)).toEqual({
      texts: ['note', 'naïve ☕ <b>'],
      files: [
        listed('a.txt', 'text/plain', 'hello'),
        listed('large.bin', 'application/octet-stream', content),
      ],
    })
    expect(await page.evaluate('document.querySelector("h3").textContent')).toBe('2 files')
    expect(await page.evaluate('document.querySelector("button").disabled')).toBe(false)
    expect(page.problems).toEqual([])
  })

  it('tells of files with odd names as they are called', async () => {
    const page = await open()
    await choose(page, writeOdd(sourceFolder()))
    await page.evaluate('document.querySelector("button").click()')
    await page.until(`${stateText} === 'Sent'`)
    const { files } = await reportOf(page)
    // Text of HTML has no CR: its parser makes one line end of CRLF.
    expect(files).toEqual(oddFiles.map((file) => ({ ...file, name: file.name.replace('\r\n', '\n') })))
    expect(await page.evaluate('document.querySelectorAll("#report img").length')).toBe(0)
    expect(page.problems).toEqual([])
  })

  it('sends names and texts that the server reads to the letter', async () => {
    const page = await open()
    await choose(page, writeOdd(sourceFolder()))
    const note = 'one\ntwo "three" \\ ☕'
    await page.evaluate(`document.getElementById('note').value = ${JSON.stringify(note)}`)
    const text = await page.evaluate<string>(`fetch('/upload', {
      method: 'POST',
      headers: { Accept: 'application/json' },
      body: new FormData(document.querySelector('form')),
    }).then((answer) => answer.text())`)
    expect(JSON.parse(text)).toEqual({
      note: note.replace('\n', '\r\n'),
      files: oddNames.map((name) => ({
        filename: name,
        contentType: 'text/plain',
        size: Buffer.byteLength(name),
        sha256: sha256(name),
      })),
    })
  })

  it('reads files that a script has put together, of no type and no bytes, too', async () => {
    const page = await open()
    await page.evaluate(`(() => {
      const chosen = new DataTransfer()
      chosen.items.add(new File(['x'.repeat(100_000)], 'made\\u2028up'))
      chosen.items.add(new File([], 'empty.txt', { type: 'text/plain' }))
      chosen.items.add(new File(['y'], 'a\\\\b', { type: 'text/x' }))
      document.getElementById('${inputId}').files = chosen.files
      document.querySelector('button').click()
    })()`)
    await page.until(`${stateText} === 'Sent'`)
    expect((await reportOf(page)).files).toEqual([
      listed('made\u2028up', 'application/octet-stream', 'x'.repeat(100_000)),
      listed('empty.txt', 'text/plain', ''),
      listed('a\\b', 'text/x', 'y'),
    ])
  })

  it('says that no file came where none was chosen', async () => {
    const page = await open()
    await page.evaluate('document.querySelector("button").click()')
    await page.until(`${stateText} === 'Sent'`)
    expect(await reportOf(page)).toEqual({ texts: ['note', ''], files: [] })
    expect(await page.evaluate('document.querySelector("h3").textContent')).toBe('0 files')
  })

  it('does without its script: the answer is the page again', async () => {
    const page = await open()
    await page.evaluate('window.isOld = true')
    await page.call('Emulation.setScriptExecutionDisabled', { value: true })
    await page.call('Page.reload')
    // In between there is no page to ask.
    const isBack = `document.readyState === 'complete' && !window.isOld`
    await expect.poll(() => page.evaluate(isBack).catch(() => false)).toBe(true)
    await choose(page, writeOdd(sourceFolder()))
    for (const _ of ['the first page', 'the note']) await page.press('Tab')
    await page.type('typed')
    await page.press('Tab')
    await page.press('Tab')
    await page.press('Enter')
    await expect
      .poll(async () => (await reportOf(page)).files.length, { timeout: 10_000 })
      .toBe(oddNames.length)
    const { texts, files } = await reportOf(page)
    expect(texts).toEqual(['note', 'typed'])
    expect(files).toEqual(oddFiles.map((file) => ({ ...file, name: file.name.replace('\r\n', '\n') })))
    expect(await page.evaluate(stateText)).toBe('')
    expect(await page.evaluate('location.pathname')).toBe('/upload')
  })

  it('shows how far it is, and leaves the button alone meanwhile', async () => {
    const page = await open(`window.seen = []
      addEventListener('DOMContentLoaded', () => {
        const bar = document.getElementById('progress')
        new MutationObserver(() => seen.push([bar.value, bar.hidden, document.querySelector('button').disabled]))
          .observe(bar, { attributes: true })
      })`)
    await choose(page, [sourceFolder().write('large.bin', Buffer.alloc(60_000_000))])
    await page.evaluate('document.querySelector("button").click()')
    await page.until(`${stateText} === 'Sent'`)
    const seen = await page.evaluate<[number, boolean, boolean][]>('seen')
    expect(seen.some(([, hidden, disabled]) => !hidden && disabled)).toBe(true)
    expect(seen.some(([value]) => value > 0)).toBe(true)
    expect(seen.at(-1)!.slice(1)).toEqual([true, false])
  })

  it('says so where it is refused, and where the server is gone', async () => {
    const page = await open(`XMLHttpRequest.prototype.realOpen = XMLHttpRequest.prototype.open
      XMLHttpRequest.prototype.open = function () { this.realOpen('POST', window.target) }`)
    const send = async (target: string) => {
      await page.evaluate(`window.target = '${target}'; document.querySelector('button').click()`)
      return page.until<string>(`!document.querySelector('button').disabled && ${stateText}`)
    }
    expect(await send('/nothing')).toBe('Refused: 404 Not Found')
    expect(await send(await goneOrigin())).toBe('The connection was lost')
    expect(await send('/upload')).toBe('Sent')
  })

  /** An address where nobody listens any more. */
  async function goneOrigin(): Promise<string> {
    const program = launchExamples()
    const [, address] = await program.prints(/at (http:\/\/localhost:\d+)/)
    await endExamples(program)
    return address!
  }

  it('runs no script but its own, and is framed by nobody', async () => {
    const page = await open()
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }))`,
    )
    expect(await page.evaluate('window.ran === undefined')).toBe(true)
    expect(page.problems.join()).toContain('Content Security Policy')
    onTestFinished(() => expect(page.problems).toHaveLength(1))
  })
})

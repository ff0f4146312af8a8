// Headless Chromium, steered through its DevTools protocol over two pipes: JSON, each message ended by a NUL.
//
//   const browser = await startChromium()             closed by whoever calls it: await browser.close()
//   const page = await browser.open(url)              a tab; closed when the test ends
//   await browser.open(url, 'delete window.WebSocket')    with a script that runs before those of the page
//   await page.evaluate('document.title')             the value of an expression
//   await page.until('document.title === "Hi"')       its value, when it is true; rejects with what the page shows instead
//   await page.type('Ada')  await page.press('Tab')   into what has the focus
//   page.problems                                     what its scripts threw, and what the browser refused them
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { hasProgram, launch, type Program } from './programs.js'
import { type Deferred, deferred } from './waiting.js'

export const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => hasProgram(name))

// biome-ignore lint/suspicious/noExplicitAny: the protocol has a thousand shapes
type Json = Record<string, any>

export async function startChromium(): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'httpkit-chromium-'))
  const switches = ['--headless', '--remote-debugging-pipe', '--no-first-run', '--disable-dev-shm-usage']
  if (process.getuid?.() === 0) switches.push('--no-sandbox') // root cannot have one
  const stdio = Array<'pipe'>(5).fill('pipe')
  const browser = new Browser(
    launch(chromium!, [...switches, `--user-data-dir=${folder}`], { stdio }),
    folder,
  )
  await browser.call('Browser.getVersion')
  return browser
}

export class Browser {
  private readonly program: Program
  private readonly folder: string
  private readonly calls: Deferred<Json>[] = []
  private readonly pages = new Map<string, Page>()

  constructor(program: Program, folder: string) {
    this.program = program
    this.folder = folder
    let unread = ''
    const messages = program.child.stdio[4] as Readable
    messages.setEncoding('utf8').on('data', (text: string) => {
      const pieces = (unread + text).split('\0')
      unread = pieces.pop()!
      for (const piece of pieces) this.receive(JSON.parse(piece))
    })
    void program.exit.then(() => {
      for (const { reject } of this.calls) reject(new Error(`Chromium has ended: ${program.stderr}`))
    })
  }

  private receive({ id, error, result, sessionId, method, params }: Json): void {
    if (id === undefined) this.pages.get(sessionId)?.onEvent(method, params)
    else if (error) this.calls[id]!.reject(new Error(error.message))
    else this.calls[id]!.resolve(result)
  }

  call(method: string, params: Json = {}, sessionId?: string): Promise<Json> {
    const call = deferred<Json>()
    const id = this.calls.push(call) - 1
    const pipe = this.program.child.stdio[3] as Writable
    pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return call.promise
  }

  async open(url: string, script = ''): Promise<Page> {
    const { targetId } = await this.call('Target.createTarget', { url: 'about:blank' })
    onTestFinished(async () => void (await this.call('Target.closeTarget', { targetId })))
    const { sessionId } = await this.call('Target.attachToTarget', { targetId, flatten: true })
    const page = new Page((method, params) => this.call(method, params, sessionId))
    this.pages.set(sessionId, page)
    for (const domain of ['Page', 'Runtime', 'Log']) await page.call(`${domain}.enable`)
    await page.call('Emulation.setFocusEmulationEnabled', { enabled: true }) // so that no tab is in the background
    await page.call('Page.addScriptToEvaluateOnNewDocument', { source: script })
    await page.call('Page.navigate', { url })
    await page.loaded.promise
    return page
  }

  async close(): Promise<void> {
    await this.call('Browser.close')
    await this.program.exit
    await rm(this.folder, { recursive: true, maxRetries: 10 }) // its helpers may still be writing
  }
}

export class Page {
  readonly call: (method: string, params?: Json) => Promise<Json>
  readonly loaded = deferred()
  readonly problems: string[] = []

  constructor(call: Page['call']) {
    this.call = call
  }

  onEvent(method: string, params: Json): void {
    if (method === 'Page.loadEventFired') this.loaded.resolve()
    if (method === 'Runtime.exceptionThrown') this.problems.push(JSON.stringify(params.exceptionDetails))
    if (method === 'Log.entryAdded') this.problems.push(params.entry.text)
    if (method === 'Runtime.consoleAPICalled' && params.type === 'error') {
      this.problems.push(JSON.stringify(params.args))
    }
  }

  async evaluate<T>(expression: string): Promise<T> {
    const options = { awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.call('Runtime.evaluate', { expression, ...options })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }

  /** Looks at every change of the document. */
  until<T>(condition: string, patienceMs = 10_000): Promise<T> {
    return this.evaluate(`new Promise((resolve, reject) => {
      const look = () => {
        const value = ${condition}
        if (value) resolve(value)
      }
      new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
      setTimeout(() => reject(new Error(${JSON.stringify(condition)} + ' is not so, in: ' + document.body.innerText)), ${patienceMs})
      look()
    })`)
  }

  async type(text: string): Promise<void> {
    await this.call('Input.insertText', { text })
  }

  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const event = {
      key,
      code: key,
      windowsVirtualKeyCode: key === 'Tab' ? 9 : 13,
      text: key === 'Tab' ? '' : '\r',
    }
    await this.call('Input.dispatchKeyEvent', { type: 'keyDown', ...event })
    await this.call('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
  }
}

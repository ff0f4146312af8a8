// What tests of the showcase's pages look at in each of them: names of controls, contrast, width, and how verdicts read.
import { root } from './built.js'
import type { Browser, Page } from './chromium.js'
import { launch, type Program } from './programs.js'

export interface Served {
  readonly program: Program
  readonly origin: string
}

/** The program of `npm start`, on a port of its own; whoever calls this ends it. */
export async function serveShowcase(env: Record<string, string> = {}): Promise<Served> {
  const options = { cwd: root, env: { ...process.env, REDIS_URL: '', PORT: '0', ...env } }
  const program = launch(process.execPath, ['examples/serve.js'], options)
  const [, origin] = await program.prints(/at (http:\/\/localhost:\d+)/)
  return { program, origin: origin! }
}

const controls = new Set([
  ...['button', 'textbox', 'combobox', 'slider', 'radio', 'checkbox', 'link', 'progressbar', 'figure'],
  ...['table', 'group', 'log', 'image'],
])

/** The roles of what is used or looked at, as a screen reader is told of it, that has no name. */
export async function nameless(page: Page): Promise<string[]> {
  const { nodes } = await page.call('Accessibility.getFullAXTree')
  const shown = (nodes as { ignored: boolean; role?: { value: string }; name?: { value: string } }[]).filter(
    ({ ignored, role }) => !ignored && controls.has(role?.value ?? ''),
  )
  if (shown.length === 0) throw new Error('a page without a link is none of ours')
  return shown.filter(({ name }) => !name?.value.trim()).map(({ role }) => role!.value)
}

/** Pixels by which the page is wider than its window, where that is so narrow. */
export async function overflow(page: Page, width: number): Promise<number> {
  await page.call('Emulation.setDeviceMetricsOverride', {
    width,
    height: 640,
    deviceScaleFactor: 1,
    mobile: true,
  })
  // What follows the window's width does so in the frame after it.
  await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))')
  return page.evaluate(`document.documentElement.scrollWidth - ${width}`)
}

/** Text whose contrast to what is behind it is under that of WCAG 2.2, level AA: 4.5, or 3 where it is large. */
export async function faint(page: Page, scheme: 'light' | 'dark'): Promise<string[]> {
  const features = [{ name: 'prefers-color-scheme', value: scheme }]
  await page.call('Emulation.setEmulatedMedia', { features })
  return page.evaluate(`(${faintTexts})()`)
}

// Runs in the page.
const faintTexts = `() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1)
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    return Array.from(canvas.getImageData(0, 0, 1, 1).data)
  }
  const luminance = (colour) => rgba(colour).slice(0, 3)
    .map((byte) => byte / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0)
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor
      if (rgba(colour)[3] === 255) return colour
    }
    return 'white'
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const found = new Set()
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    const style = getComputedStyle(element)
    if (!texts.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue
    if (element.closest('noscript, option, :disabled')) continue
    const [dark, light] = [style.color, behind(element)].map(luminance).sort((a, b) => a - b)
    const size = Number.parseFloat(style.fontSize)
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    const contrast = (light + 0.05) / (dark + 0.05)
    if (contrast < needed) found.add(contrast.toFixed(2) + ': ' + element.tagName + '.' + element.className + ' ' + texts.currentNode.data.trim().slice(0, 40))
  }
  return [...found]
}`

/** Opens a page, and settles when what it says in `#state` is this. */
export async function openAt(browser: Browser, url: string, state: string): Promise<Page> {
  const page = await browser.open(url)
  await page.until(`document.getElementById('state').textContent === ${JSON.stringify(state)}`)
  return page
}

/** Presses the element of this id. */
export const press = (page: Page, id: string): Promise<void> =>
  page.evaluate(`document.getElementById('${id}').click()`)

export const textOf = (page: Page, id: string): Promise<string> =>
  page.evaluate(`document.getElementById('${id}').textContent`)

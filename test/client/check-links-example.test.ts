// The link checker of the examples, run as its README says, against small sites.

import { readFileSync } from 'node:fs'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { RingRequest, RingResponse } from '../../src/server.js'
import { ensureBuilt, root } from '../support/built.js'
import { launch, type Output, type Program, start } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { deferred } from '../support/waiting.js'

beforeAll(ensureBuilt, 120_000)

type Page = string | RingResponse | ((req: RingRequest) => RingResponse | Promise<RingResponse>)

/** Pages by path; a string is HTML. What there is none of is a 404, with a body that links on. */
class Site {
  readonly requests: RingRequest[] = []
  readonly origin: string
  readonly server: TestServer

  constructor(server: TestServer) {
    this.server = server
    this.origin = `http://127.0.0.1:${server.port}`
  }

  static async of(pages: Record<string, Page>): Promise<Site> {
    const server = await serve((req) => {
      site.requests.push(req)
      const page = pages[req.uri] ?? { status: 404, headers: html, body: '<a href=/of-an-error-page>' }
      if (typeof page === 'string') return { headers: html, body: page }
      return typeof page === 'function' ? page(req) : page
    })
    const site = new Site(server)
    return site
  }

  get asked(): string[] {
    return this.requests.map(({ requestMethod, uri }) => `${requestMethod} ${uri}`).sort()
  }
}

const html = { 'Content-Type': 'text/html; charset=utf-8' }
const ok = { body: 'ok' }

function check(...args: string[]): Program {
  const program = `${root}examples/clients/check-links.js`
  return start(process.execPath, [program, ...args], { env: { PATH: process.env.PATH } })
}

async function outputOf(program: Program): Promise<Output> {
  const code = await program.exit
  return { code, stdout: program.stdout, stderr: program.stderr }
}

/** What it prints of a site, whose origin is then SITE, and that of the other one ELSEWHERE; each link with its pages. */
async function reportOf(
  site: Site,
  args: string[] = [],
  elsewhere?: Site,
): Promise<[number | null, string[]]> {
  const { code, stdout, stderr } = await outputOf(check(...args, `${site.origin}/`))
  expect(stderr).toBe('')
  const text = stdout.replaceAll(site.origin, 'SITE')
  const parts = (elsewhere ? text.replaceAll(elsewhere.origin, 'ELSEWHERE') : text).trimEnd().split(/\n(?! )/)
  return [code, parts.sort()] // its own order is by URL, and so by port
}

it('prints what is broken and what has moved, with the pages that it is on; ends with 1', async () => {
  const elsewhere = await Site.of({ '/fine': ok, '/old': { status: 308, headers: { Location: '/fine' } } })
  const site = await Site.of({
    '/': `<a href=two>two</a> <a href="/missing">x</a> <a href="${elsewhere.origin}/fine">y</a>`,
    '/two': `<a href="/three">3</a> <a href="${elsewhere.origin}/gone">z</a> <a href="${elsewhere.origin}/old">z</a>
      <a href="/missing">x</a>`,
    '/three': { status: 301, headers: { Location: '/four' } },
    '/four': { status: 302, headers: { Location: '/five' } },
    '/five': '<img src="five.png">',
  })
  expect(await reportOf(site, [], elsewhere)).toEqual([
    1,
    [
      '404: ELSEWHERE/gone\n  on SITE/two',
      '404: SITE/five.png\n  on SITE/five',
      '404: SITE/missing\n  on SITE/\n  on SITE/two',
      '8 links, 3 pages read: 3 broken, 2 moved',
      'Moved: ELSEWHERE/old → ELSEWHERE/fine\n  on SITE/two',
      'Moved: SITE/three → SITE/four → SITE/five\n  on SITE/two',
    ],
  ])
})

it('ends with 0 where nothing is broken', async () => {
  const site = await Site.of({ '/': '<a href="/a">a</a><a href="/">home</a>', '/a': '<a href="/">home</a>' })
  expect(await reportOf(site)).toEqual([0, ['2 links, 2 pages read: 0 broken, 0 moved']])
  expect(site.asked).toEqual(['get /', 'get /a'])
})

it('asks for every URL once, however often and from wherever it is linked to', async () => {
  const links = '<a href="/a">a</a> <a href="/a#x">a</a> <a href="a">a</a> <a href="/b?q=1">b</a> <p id=x>'
  const site = await Site.of({ '/': links, '/a': links, '/b': links })
  expect(await reportOf(site)).toEqual([0, ['3 links, 3 pages read: 0 broken, 0 moved']])
  expect(site.asked).toEqual(['get /', 'get /a', 'get /b'])
})

it('reads a page once, though two links lead to it', async () => {
  const moved = { status: 302, headers: { Location: '/page' } }
  const site = await Site.of({
    '/': '<a href=/1>1</a><a href=/2>2</a><a href=/page>p</a>',
    '/1': moved,
    '/2': moved,
    '/page': '<a href=/>',
  })
  const [code, report] = await reportOf(site)
  expect(code).toBe(0)
  expect(report).toContain('4 links, 2 pages read: 0 broken, 2 moved')
})

it('only asks for what is elsewhere: by HEAD, and by GET where that is answered with 405 or 501', async () => {
  const refuse = (status: number) => (req: RingRequest) =>
    req.requestMethod === 'head' ? { status } : { headers: html, body: '<a href=/deep>never read</a>' }
  const elsewhere = await Site.of({ '/page': '<a href=/deep>', '/405': refuse(405), '/501': refuse(501) })
  const site = await Site.of({
    '/': ['page', '405', '501', 'gone'].map((name) => `<a href="${elsewhere.origin}/${name}">`).join(''),
  })
  const [code, report] = await reportOf(site, [], elsewhere)
  expect(code).toBe(1)
  expect(report).toEqual(['404: ELSEWHERE/gone\n  on SITE/', '5 links, 1 page read: 1 broken, 0 moved'])
  expect(elsewhere.asked).toEqual([
    'get /405',
    'get /501',
    'head /405',
    'head /501',
    'head /gone',
    'head /page',
  ])
})

it('the site is where the start leads to, and a page that leads elsewhere is none of it', async () => {
  const elsewhere = await Site.of({ '/': '<a href=/deep>' })
  const site = await Site.of({
    '/': '<a href=/a>',
    '/a': '<a href=/away>',
    '/away': { status: 302, headers: { Location: `${elsewhere.origin}/` } },
  })
  const front = await Site.of({ '/': { status: 301, headers: { Location: `${site.origin}/` } } })
  const { code, stdout } = await outputOf(check(`${front.origin}/`))
  expect(code).toBe(0)
  expect(stdout).toContain('3 links, 2 pages read: 0 broken, 2 moved\n')
  expect(elsewhere.asked).toEqual(['get /'])
})

it('looks at links of every kind, and at none that leads nowhere', async () => {
  const site = await Site.of({
    '/': `<!doctype html><head><base href="/base/"><base href="/other/">
      <link rel=stylesheet href=style.css> <link rel=preconnect href="http://nowhere.invalid">
      <script src=script.js>"<a href=/in-a-script>"</script> <style>a::after { content: "<a href=/in-a-style>" }</style>
      <body><A HREF=' page.html '>1</A> <a href="query?a=1&amp;b=2">2</a> <a name=x>no href</a>
      <map><area href=area.html></map> <img src=image.png> <iframe src=frame.html></iframe>
      <video src=video.mp4><source src=source.webm><track src=track.vtt></video><audio src=audio.ogg></audio>
      <!-- <a href=/in-a-comment> --> <textarea><a href=/in-a-textarea></textarea>
      <a href="mailto:ada@example.com">3</a> <a href="javascript:void 0">4</a> <a href="data:,x">5</a>
      <a href="tel:1">6</a> <a href="#">7</a> <a href="">8</a>`,
    '/base/': ok,
    ...Object.fromEntries(
      'style.css script.js page.html query area.html image.png frame.html video.mp4 source.webm track.vtt audio.ogg'
        .split(' ')
        .map((name) => [`/base/${name}`, ok]),
    ),
  })
  expect(await reportOf(site)).toEqual([0, ['13 links, 1 page read: 0 broken, 0 moved']])
  expect(site.requests.find(({ uri }) => uri === '/base/query')!.queryString).toBe('a=1&b=2')
})

it('looks for fragments in the pages that were read', async () => {
  const site = await Site.of({
    '/': `<a href="#here">1</a> <a href="#gone">2</a> <a href="/page#named">3</a> <a href="/page#%C3%BCber">4</a>
      <a href="/page#lost">5</a> <a href="#top">6</a> <a href="#!/route">7</a> <a href="/page#:~:text=x">8</a>
      <a href="/text#anything">9</a> <a href="/moved#named">10</a> <a href="/moved#lost">11</a> <p id=here>`,
    '/page': '<a name=named>x</a> <p id="über"> <a href="/page#lost">',
    '/text': ok,
    '/moved': { status: 302, headers: { Location: '/page' } },
  })
  expect(await reportOf(site)).toEqual([
    1,
    [
      '4 links, 2 pages read: 3 broken, 1 moved',
      'Moved: SITE/moved → SITE/page\n  on SITE/',
      'No such fragment: SITE/#gone\n  on SITE/',
      'No such fragment: SITE/moved#lost\n  on SITE/',
      'No such fragment: SITE/page#lost\n  on SITE/\n  on SITE/page',
    ],
  ])
})

it('reads a page in the charset that its type states', async () => {
  const bytes = Buffer.from('<a href="/\xe9"></a><a href="#\xe9"></a><p id="\xe9">', 'latin1')
  const type = { 'Content-Type': 'text/html; charset="ISO-8859-1"' }
  const site = await Site.of({ '/': { headers: type, body: bytes }, '/%C3%A9': ok })
  expect(await reportOf(site)).toEqual([0, ['2 links, 1 page read: 0 broken, 0 moved']])
})

it('names three pages of those that a link is on, and counts the others', async () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const pages = Object.fromEntries(names.map((name) => [`/${name}`, '<a href=/gone><a href=/gone>'] as const))
  const site = await Site.of({ '/': names.map((name) => `<a href=/${name}>`).join(''), ...pages })
  const [code, report] = await reportOf(site)
  expect(code).toBe(1)
  expect(report[0]).toMatch(/^404: SITE\/gone(\n {2}on SITE\/[a-e]){3}\n {2}and on 2 pages more$/)
})

it('says why a link cannot be followed', async () => {
  const closed = await Site.of({})
  await closed.server.stop()
  const site = await Site.of({
    '/': `<a href="${closed.origin}/">1</a> <a href="http://[bad">2</a> <a href="/loop">3</a> <a href="/never">4</a>
      <a href="http://bad\x1bhost/">5</a>`,
    '/loop': { status: 302, headers: { Location: '/loop' } },
    '/never': () => new Promise(() => {}),
  })
  const [code, report] = await reportOf(site, ['--timeout', '3'], closed)
  expect(code).toBe(1)
  const on = '\n  on SITE/'
  expect(report).toContain(`ERR_CONNECT ECONNREFUSED: ELSEWHERE/${on}`)
  expect(report).toContain(`No URL: http://[bad${on}`)
  expect(report).toContain(`No URL: http://bad host/${on}`)
  expect(report.find((part) => part.startsWith('ERR_TOO_MANY_REDIRECTS: SITE/loop'))).toMatch(/on SITE\/$/)
  expect(report).toContain(`ERR_TIMEOUT_IDLE: SITE/never${on}`)
  expect(report).toContain('6 links, 1 page read: 5 broken, 0 moved')
})

it('a page that drips is given up after a while', async () => {
  const site = await Site.of({
    '/': '<a href=/slow>',
    '/slow': () => ({
      headers: html,
      body: (async function* () {
        for (let count = 0; count < 1000; count++) {
          yield '<p>'
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      })(),
    }),
  })
  const [code, report] = await reportOf(site, ['--timeout', '2.5'])
  expect(code).toBe(1)
  expect(report).toContain('ERR_DEADLINE: SITE/slow\n  on SITE/')
})

it('leaves alone what is no page, also where it has no end', async () => {
  const endless = () => ({
    headers: { 'Content-Type': 'application/octet-stream' },
    body: (function* () {
      for (;;) yield Buffer.alloc(65_536)
    })(),
  })
  const site = await Site.of({ '/': '<a href=/endless><a href=/a>', '/endless': endless, '/a': '<p>' })
  expect(await reportOf(site)).toEqual([0, ['3 links, 2 pages read: 0 broken, 0 moved']])
})

it('reads no more than 4 MiB of a page, and then says nothing of its fragments', async () => {
  const endless = () => ({
    headers: html,
    body: (function* () {
      yield '<a href=/first><a href=#unknown>'
      for (;;) yield `<p>${'x'.repeat(65_536)}</p>`
    })(),
  })
  const site = await Site.of({ '/': '<a href=/endless>', '/endless': endless, '/first': ok })
  expect(await reportOf(site)).toEqual([0, ['3 links, 2 pages read: 0 broken, 0 moved']])
})

it('a page whose body breaks off is broken', async () => {
  const site = await Site.of({
    '/': '<a href=/cut>',
    '/cut': () => ({
      headers: { ...html, 'Content-Length': '1000' },
      body: (async function* () {
        yield '<a href=/first>'
        throw new Error('enough')
      })(),
    }),
  })
  const [code, report] = await reportOf(site)
  expect(code).toBe(1)
  expect(report).toContain('ERR_CONNECTION_CLOSED: SITE/cut\n  on SITE/')
})

it('reads at most so many pages of a site without end, and only asks for the others', async () => {
  let next = 0
  const server = await serve((req) => {
    requests.push(req.requestMethod)
    next++
    return { headers: html, body: `<a href=/${next}a><a href=/${next}b>` }
  })
  const requests: string[] = []
  const { code, stdout } = await outputOf(check('--pages', '20', `http://127.0.0.1:${server.port}/`))
  expect([code, stdout]).toEqual([0, '41 links, 20 pages read: 0 broken, 0 moved\n'])
  expect(requests.filter((method) => method === 'get').length).toBeLessThanOrEqual(20 + 7)
})

it('keeps at most 20,000 links, and says how many were too many', async () => {
  const page = Array.from({ length: 30_000 }, (_, index) => `<a href=#${index}>`).join('')
  const site = await Site.of({ '/': page })
  const [code, report] = await reportOf(site)
  expect(code).toBe(1)
  expect(report).toContain('1 link, 1 page read: 19999 broken, 0 moved')
  expect(report).toContain('Too many to look at: 10001 links')
})

it('keeps at most 200,000 ids, and looks for no fragments in the pages beyond', async () => {
  const ids = Array.from({ length: 150_000 }, (_, index) => `<p id=${index}>`).join('')
  const page = (name: string) => `${ids}<a href=/${name}#gone></a>`
  const site = await Site.of({ '/': page('two'), '/two': page('three'), '/three': '<p>' })
  expect(await reportOf(site)).toEqual([
    1,
    ['3 links, 3 pages read: 1 broken, 0 moved', 'No such fragment: SITE/three#gone\n  on SITE/two'],
  ])
})

it('asks for as many links at a time as there may be connections', async () => {
  let waiting: (() => void)[] = []
  let most = 0
  // An answer is held back until three are asked for: with fewer at a time nothing would ever be answered.
  const held = async (): Promise<RingResponse> => {
    const gate = deferred()
    waiting.push(gate.resolve)
    most = Math.max(most, waiting.length, elsewhere.server.stats().connections)
    if (waiting.length === 3) {
      for (const resolve of waiting) resolve()
      waiting = []
    }
    await gate.promise
    return ok
  }
  const paths = Array.from({ length: 30 }, (_, index) => `/${index}`)
  const elsewhere: Site = await Site.of(Object.fromEntries(paths.map((path) => [path, held])))
  const site = await Site.of({ '/': paths.map((path) => `<a href="${elsewhere.origin}${path}">`).join('') })
  expect(await reportOf(site, ['--connections', '3'])).toEqual([
    0,
    ['31 links, 1 page read: 0 broken, 0 moved'],
  ])
  expect(most).toBe(3)
})

it('says who it is', async () => {
  const site = await Site.of({ '/': '' })
  await reportOf(site)
  expect(site.requests[0]!.headers['user-agent']).toBe('check-links (an example of httpkit-wasm)')
})

it('tells what it has found, when Ctrl-C ends it', async () => {
  const asked = deferred()
  const site = await Site.of({
    '/': '<a href=/gone>1</a> <a href=/last>2</a>',
    '/last': () => {
      asked.resolve()
      return new Promise(() => {})
    },
  })
  const program = check('--connections', '1', `${site.origin}/`)
  await asked.promise
  program.signal('SIGINT')
  const { code, stdout } = await outputOf(program)
  expect(code).toBe(130)
  expect(stdout.replaceAll(site.origin, 'SITE')).toBe(
    '404: SITE/gone\n  on SITE/\n2 links, 1 page read: 1 broken, 0 moved\nInterrupted\n',
  )
})

it.each([
  [[]],
  [['no url']],
  [['ftp://127.0.0.1/']],
  [['http://127.0.0.1/', 'http://127.0.0.1/']],
  [['--connections', '0', 'http://127.0.0.1/']],
  [['--connections', '1.5', 'http://127.0.0.1/']],
  [['--pages', 'all', 'http://127.0.0.1/']],
  [['--timeout', '-1', 'http://127.0.0.1/']],
  [['--what', 'http://127.0.0.1/']],
])('prints its usage, and ends with 2, for %j', async (args) => {
  const { code, stdout, stderr } = await outputOf(check(...args))
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('\n\nUsage: node examples/clients/check-links.js')
})

it('README: finds on the server that `npm start` runs the two that are no pages', async () => {
  const server = launch(process.execPath, ['examples/serve.js'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
  })
  onTestFinished(async () => {
    server.child.kill('SIGTERM')
    await server.exit
  })
  const [, origin] = await server.prints(/at (http:\/\/localhost:\d+)/)
  const readme = readFileSync(`${root}examples/README.md`, 'utf8')
  const line = /^node (examples\/clients\/check-links\.js .*)$/m.exec(readme)![1]!
  const command = `'${process.execPath}' ${line.replaceAll('http://localhost:8090', origin!)}`
  const checking = start('sh', ['-c', command], { cwd: root, env: { PATH: process.env.PATH } })
  expect(await checking.exit, checking.stderr).toBe(1)
  expect(checking.stdout).toContain(`405: ${origin}/echo\n  on ${origin}/\n`)
  expect(checking.stdout).toContain(`ERR_TIMEOUT_IDLE: ${origin}/poll\n  on ${origin}/\n`)
})

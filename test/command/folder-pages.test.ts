// Folders as answers: index pages, listings, redirects; and methods other than GET.
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseDocument } from 'htmlparser2'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type ServedFolder, servedFolder } from '../support/command-folder.js'
import { eventually } from '../support/raw-peer.js'

let folder: ServedFolder
afterAll(() => folder.close())
beforeAll(async () => {
  folder = await servedFolder()
  folder.write('site/index.html', '<h1>ü</h1>')
  folder.write('site/app.js', '1')
  folder.write('list/file10.txt', '')
  folder.write('list/file9.txt', '')
  folder.write('list/zoo/a', '')
  folder.write('list/.hidden', '')
  folder.write('list/<img src=x onerror=alert(1)>&"\'', '')
  folder.write('list/100% #1?.txt', '')
  folder.link('list/out', '/')
  folder.link('list/gone', 'nothing')
  folder.link('list/in', '../site')
})

type Element = { name?: string; attribs?: Record<string, string>; children?: Element[]; data?: string }

/** The links of a page, as a parser of HTML sees them. */
function linksOf(html: string): [href: string, text: string][] {
  const all = (node: Element): Element[] => [node, ...(node.children ?? []).flatMap(all)]
  return all(parseDocument(html) as Element)
    .filter(({ name }) => name === 'a')
    .map((link) => [
      link.attribs!.href!,
      link
        .children!.map(({ data }) => data)
        .join('')
        .trim(),
    ])
}

describe('a folder', () => {
  it('is its index.html', async () => {
    const answer = await folder.get('/site/')
    expect([answer.header('content-type'), answer.text]).toEqual(['text/html; charset=utf-8', '<h1>ü</h1>'])
    const etag = answer.header('etag')!
    expect((await folder.get('/site/', { 'If-None-Match': etag })).status).toBe(304)
    expect((await folder.get('/site/', { Range: 'bytes=1-2' })).text).toBe('h1')
  })

  it('without one is listed: folders first, then files, numbers in their order, nothing that is not served', async () => {
    const answer = await folder.get('/list/')
    expect(answer.header('content-type')).toBe('text/html; charset=utf-8')
    const links = linksOf(answer.text)
    expect(links.map(([, text]) => text)).toEqual([
      '../',
      'in/',
      'zoo/',
      '<img src=x onerror=alert(1)>&"\'',
      '100% #1?.txt',
      'file9.txt',
      'file10.txt',
    ])
    for (const [href] of links) {
      const target = new URL(href, 'http://x/list/').pathname
      expect([href, (await folder.get(target)).status]).toEqual([href, 200])
    }
  })

  it('is listed with a language, a title and one heading, and without a script that could run', async () => {
    const { text, headers } = await folder.get('/list/')
    expect(text).toMatch(
      /<html lang="en">[\s\S]*<title>Index of \/list\/<\/title>[\s\S]*<main>\n<h1>Index of \/list\/<\/h1>/,
    )
    expect(text).not.toContain('<img')
    expect(headers).toContainEqual([
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'",
    ])
    expect(linksOf((await folder.get('/')).text).map(([href]) => href)).toEqual(['list/', 'site/'])
  })

  it('is listed to HEAD without a body', async () => {
    const head = await folder.ask('HEAD', '/list/')
    const { body } = await folder.get('/list/')
    expect([head.status, head.header('content-length')]).toEqual([200, String(body.length)])
  })

  it('is not listed where that is not wanted', async () => {
    const other = await servedFolder({ lists: false })
    onTestFinished(() => other.close())
    other.write('site/index.html', 'here')
    expect([(await other.get('/')).status, (await other.get('/site/')).text]).toEqual([404, 'here'])
  })

  it('whose index.html leads outside has none', async () => {
    folder.write('tricked/a', '')
    folder.link('tricked/index.html', '../../secret.txt')
    const { text } = await folder.get('/tricked/')
    expect(linksOf(text).map(([href]) => href)).toEqual(['../', 'a'])
  })
})

describe('a folder without its slash', () => {
  it.each([
    ['/site', 'site/', '/site/'],
    ['/site?a=1&b=//x', 'site/?a=1&b=//x', '/site/?a=1&b=//x'],
    ['/list/zoo', 'zoo/', '/list/zoo/'],
    ['/%73ite', 'site/', '/site/'],
  ])('%s is sent on to %s', async (target, location, seen) => {
    const answer = await folder.get(target)
    expect([answer.status, answer.header('location')]).toEqual([301, location])
    expect(new URL(location, `http://x${target}`).href).toBe(`http://x${seen}`)
  })

  it.each([
    '//evil.example',
    '//evil.example/..',
    '/\\evil.example',
    '/%5cevil.example',
    '/%2f%2fevil.example',
    '/%0d%0aX: y',
  ])('%s is sent nowhere', async (target) => {
    folder.write('evil.example/a', '')
    const answer = await folder.get(target.replace(' ', '%20'))
    expect([answer.status >= 400, answer.header('location')]).toEqual([true, undefined])
  })

  it('whose name would be another thing in front of a path is written so that it is none', async () => {
    folder.write('http:evil.example/a', '')
    folder.write('x\r\ny/a', '')
    expect((await folder.get('/http:evil.example')).header('location')).toBe('http%3Aevil.example/')
    expect((await folder.get('/x%0d%0ay')).header('location')).toBe('x%0D%0Ay/')
  })
})

describe('methods', () => {
  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'TRACE'])(
    '%s is not allowed',
    async (method) => {
      const answer = await folder.ask(method, '/site/app.js', { 'Content-Length': '0' })
      expect([answer.status, answer.header('allow')]).toEqual([405, 'GET, HEAD'])
    },
  )

  it('HEAD is GET without the body', async () => {
    const get = await folder.get('/site/app.js')
    await eventually(() => folder.openFiles()).toEqual([])
    const head = await folder.ask('HEAD', '/site/app.js')
    expect(folder.openFiles()).toEqual([])
    const fields = (headers: [string, string][]) => headers.filter(([name]) => name !== 'Date')
    expect([head.status, fields(head.headers), head.body.length]).toEqual([200, fields(get.headers), 0])
  })
})

it('the types of files are said, with a charset where it is text', async () => {
  const types = {
    'a.css': 'text/css; charset=utf-8',
    'a.JS': 'text/javascript; charset=utf-8',
    'a.json': 'application/json',
    'a.png': 'image/png',
    a: 'application/octet-stream',
  }
  for (const [name, type] of Object.entries(types)) {
    folder.write(`types/${name}`, '')
    expect((await folder.get(`/types/${name}`)).header('content-type')).toBe(type)
  }
})

// Root may read everything.
async function withoutRights<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid!() !== 0) return action()
  process.seteuid!(65534)
  try {
    return await action()
  } finally {
    process.seteuid!(0)
  }
}

it.skipIf(process.platform === 'win32')('what may not be read is 403', async () => {
  chmodSync(folder.write('locked.txt', 'x'), 0)
  chmodSync(dirname(folder.path), 0o755)
  expect((await withoutRights(() => folder.get('/locked.txt'))).status).toBe(403)
})

// What paths lead to: files in the folder, and nothing outside it, however they are written and wherever links lead.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Folder } from '../../src/command/folder.js'
import { pathNames } from '../../src/command/path-names.js'
import { serveFolder } from '../../src/command/serve-folder.js'
import { SECRET, type ServedFolder, servedFolder } from '../support/command-folder.js'
import { start } from '../support/programs.js'
import { eventually } from '../support/raw-peer.js'

let folder: ServedFolder
afterAll(() => folder.close())
beforeAll(async () => {
  folder = await servedFolder()
  folder.write('inside.txt', 'inside')
  folder.write('deep/er/file.txt', 'deep')
  folder.write('.hidden', SECRET)
  folder.write('.git/config', SECRET)
  folder.write('deep/.env', SECRET)
})

const DOWN = 'secret.txt'
describe('no path leads outside', () => {
  it.each([
    `/../${DOWN}`,
    `/deep/../../${DOWN}`,
    `/deep/../inside.txt`,
    `/./inside.txt`,
    `/..`,
    `/.`,
    `/../`,
    `/../served-too/${DOWN}`,
    `/%2e%2e/${DOWN}`,
    `/%2E%2e/${DOWN}`,
    `/.%2e/${DOWN}`,
    `/%2e%2e%2f${DOWN}`,
    `/..%2f${DOWN}`,
    `/deep%2fer%2ffile.txt`,
    `/..%5c${DOWN}`,
    `/..\\${DOWN}`,
    `/deep\\er\\file.txt`,
    `/%00`,
    `/inside.txt%00.html`,
    `/inside.txt%00/../../${DOWN}`,
    `//${DOWN}`,
    `//evil.example/..`,
    `/deep//er/file.txt`,
    `/C:/Windows/win.ini`,
    `/c:`,
    `/deep/d:file`,
    `/%`,
    `/%2`,
    `/%zz`,
    `/inside.txt%`,
    // Overlong forms of '.' and '/', a half of a pair, bytes that no UTF-8 has (RFC 3629 §3).
    `/%c0%ae%c0%ae/${DOWN}`,
    `/..%c0%af${DOWN}`,
    `/%e0%80%ae%e0%80%ae/${DOWN}`,
    `/%ed%a0%80`,
    `/%ff%fe`,
  ])('%s is no path', async (target) => {
    const answer = await folder.get(target)
    expect([answer.status, answer.text]).toEqual([400, '400 Bad Request\n'])
  })

  it.each([
    // Decoded once, these are names like any other.
    `/%252e%252e/${DOWN}`,
    `/%252e%252e%252f${DOWN}`,
    `/..%252f${DOWN}`,
    `/.../${DOWN}`,
    `/${'a'.repeat(300)}`,
    `/${'a/'.repeat(2500)}`,
    '/inside.txt/',
    '/inside.txt/more',
    '/missing',
    '/missing/',
    `/~root/`,
    `/proc/self/environ`,
    `/etc/passwd`,
  ])('%s is not there', async (target) => {
    const answer = await folder.get(target)
    expect([answer.status, answer.text]).toEqual([404, '404 Not Found\n'])
  })

  it('nor does one whose first byte is another than /, or one in bytes that no target has', async () => {
    const absolute = await folder.get(`http://x/../${DOWN}`)
    expect([absolute.status, absolute.text]).toEqual([400, '400 Bad Request\n'])
    expect((await folder.get(`../${DOWN}`)).text).not.toContain(SECRET)
    expect((await folder.get('/\xc0\xae\xc0\xae/secret.txt')).text).not.toContain(SECRET)
  })

  it('what a query says is no path', async () => {
    expect((await folder.get(`/inside.txt?/../${DOWN}`)).text).toBe('inside')
  })
})

describe('links', () => {
  beforeAll(() => {
    folder.link('to-inside', 'inside.txt')
    folder.link('to-deep', join(folder.path, 'deep'))
    folder.link('to-secret', `../${DOWN}`)
    folder.link('to-absolute', join(folder.path, '..', DOWN))
    folder.link('to-parent', '..')
    folder.link('to-neighbour', '../served-too')
    folder.link('to-link', 'to-secret')
    folder.link('to-dot', '.hidden')
    folder.link('to-git', '.git')
    folder.link('.dot-link', 'inside.txt')
    folder.link('round', 'round')
    folder.link('to-nothing', 'nothing')
    folder.link('to-self', '.')
  })

  it.each([
    ['/to-inside', 'inside'],
    ['/to-deep/er/file.txt', 'deep'],
    ['/to-self/to-self/inside.txt', 'inside'],
  ])('%s leads to a file inside', async (target, text) => {
    const answer = await folder.get(target)
    expect([answer.status, answer.text]).toEqual([200, text])
  })

  it.each([
    '/to-secret',
    '/to-absolute',
    `/to-parent/${DOWN}`,
    '/to-parent/',
    '/to-parent',
    // Its name begins with the served folder's.
    `/to-neighbour/${DOWN}`,
    '/to-link',
    '/to-dot',
    '/to-git/config',
    '/.dot-link',
    '/round',
    '/to-nothing',
  ])('%s is not there: it leads outside, to what is hidden, or nowhere', async (target) => {
    const answer = await folder.get(target)
    expect([answer.status, answer.text]).toEqual([404, '404 Not Found\n'])
  })

  it('the root may be one itself', async () => {
    const link = join(folder.path, '..', 'root-link')
    symlinkSync(folder.path, link)
    const found = await new Folder(link, false).find(['inside.txt'])
    expect(found).toHaveProperty('stats.size', 6n)
    if (typeof found !== 'string') await found.handle.close()
  })

  it('that come while a request is on its way are not followed', { timeout: 20_000 }, async () => {
    const inner = join(folder.path, 'swapped')
    const aside = join(folder.path, '..', 'swapped-aside')
    mkdirSync(inner)
    writeFileSync(join(inner, DOWN), 'harmless')
    const asked = new Folder(folder.path, false)
    let isOver = false
    const swaps = (async () => {
      while (!isOver) {
        renameSync(inner, aside)
        symlinkSync('..', inner)
        await new Promise(setImmediate)
        rmSync(inner)
        renameSync(aside, inner)
        await new Promise(setImmediate)
      }
    })()
    const seen = new Set<string>()
    const giveUpAt = performance.now() + 1500
    while (performance.now() < giveUpAt) {
      const found = await asked.find(['swapped', DOWN]).catch((error) => error.code as string)
      if (typeof found === 'string') {
        seen.add(found)
        continue
      }
      seen.add(String(await found.handle.readFile()))
      await found.handle.close()
    }
    isOver = true
    await swaps
    expect(seen).not.toContain(SECRET)
    expect([...seen].sort()).toEqual(expect.arrayContaining(['ENOENT', 'harmless']))
  })
})

describe('names', () => {
  it.each(['.hidden', '.git/config', 'deep/.env', '.git/', '.git'])('%s is hidden', async (name) => {
    expect((await folder.get(`/${name}`)).status).toBe(404)
    expect((await folder.get(`/${name.replace('.', '%2e')}`)).status).toBe(404)
  })

  it('that begin with a dot are served where that is asked for', async () => {
    const open = await servedFolder({ dotfiles: true })
    onTestFinished(() => open.close())
    open.write('.well-known/here', 'found')
    expect((await open.get('/.well-known/here')).text).toBe('found')
    expect((await open.get('/.well-known/')).text).toContain('<a href="here">here</a>')
  })

  it.each([
    'with space.txt',
    'a#b',
    'what?',
    '100%.txt',
    'a&b=c;d',
    'über-日本語-🚀',
    '%2e%2e',
    '+',
    '\'"<>',
    'ab:c',
    '~',
  ])('%s is served', async (name) => {
    if (process.platform === 'win32') return
    folder.write(`odd/${name}`, name)
    const answer = await folder.get(`/odd/${encodeURIComponent(name).replaceAll("'", '%27')}`)
    expect([answer.status, answer.text]).toEqual([200, name])
  })

  it('that are no UTF-8 are neither served nor listed', async () => {
    if (process.platform !== 'linux') return
    mkdirSync(join(folder.path, 'bytes'))
    writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/bytes/`), Buffer.from([0xe9, 0x2e])]), SECRET)
    expect((await folder.get('/bytes/%e9.')).status).toBe(400)
    expect((await folder.get('/bytes/')).text).not.toContain('<li><a href="%')
  })

  it('are decoded once, and each by itself', () => {
    expect(pathNames('/a%2520b/%C3%BC/')).toEqual(['a%20b', 'ü', ''])
    expect(pathNames('/')).toEqual([''])
    expect(pathNames('*')).toBeUndefined()
    expect(pathNames('')).toBeUndefined()
  })
})

describe('what is no file', () => {
  it('is never opened: a FIFO, a socket, a device', async () => {
    const hasFifo = folder.fifo('fifo')
    // Whoever opened it to read would let this writer go on.
    const writer = hasFifo
      ? start('sh', ['-c', `echo > '${join(folder.path, 'fifo')}'; echo written`])
      : undefined
    folder.link('to-fifo', 'fifo')
    await folder.socket('socket')
    for (const target of ['/fifo', '/to-fifo', '/socket', '/fifo/']) {
      if (hasFifo || target === '/socket') expect((await folder.get(target)).status).toBe(404)
    }
    expect((await folder.get('/')).text).not.toMatch(/fifo|socket/)
    if (writer)
      expect([writer.stdout, writer.child.exitCode, writer.child.signalCode]).toEqual(['', null, null])
    if (process.platform === 'win32') return
    expect(await new Folder('/dev', false).find(['null']).catch((error) => error.code)).toBe('ENOENT')
  })

  it('is said where the folder is none', () => {
    expect(() => serveFolder(join(folder.path, 'nothing'))).toThrow(/ENOENT/)
    expect(() => serveFolder(join(folder.path, 'inside.txt'))).toThrow('not a folder')
  })
})

it('nothing was reported, and no file is open', async () => {
  expect(folder.errors).toEqual([])
  await eventually(() => folder.openFiles()).toEqual([])
})

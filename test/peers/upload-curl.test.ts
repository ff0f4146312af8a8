// curl -F against wrapMultipartParams: files of all kinds and names, as people send them from a shell.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { wrapParams } from '../../src/middleware.js'
import type { Handler } from '../../src/server.js'
import { hasProgram, type Output, run } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { type Told, tell, toldOf, watchTemporaryFiles } from '../support/upload-service.js'
import { noise, sourceFolder } from '../support/upload-sources.js'

const hasCurl = hasProgram('curl')

const curl = (...args: string[]): Promise<Output> => run('curl', ['-sS', '--max-time', '15', ...args])

interface Service {
  server: TestServer
  url: string
  temporary: { names(): string[] }
}

async function serveAt(handler: Handler = tell()): Promise<Service> {
  const temporary = watchTemporaryFiles()
  const server = await serve(handler, { maxBody: 64 * 1024 * 1024 })
  return { server, url: `http://127.0.0.1:${server.port}/`, temporary }
}

/** What the server is told by these arguments. */
async function toldBy(...args: string[]): Promise<Told> {
  const { server, url, temporary } = await serveAt()
  const { code, stdout, stderr } = await curl(...args, url)
  expect([code, stderr, server.errors]).toEqual([0, '', []])
  await expect.poll(temporary.names).toEqual([])
  return JSON.parse(stdout)
}

/** An argument of -F: curl takes a backslash before quotes and backslashes in a quoted name. */
const attach = (name: string, path: string, rest = ''): string =>
  `${name}=@"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"${rest}`

describe.skipIf(!hasCurl)(`curl -F${hasCurl ? '' : ' (skipped: it is not installed)'}`, () => {
  it('sends texts and files', async () => {
    const folder = sourceFolder()
    const [text, page, other] = [
      folder.write('a.txt', 'hello\r\n'),
      folder.write('page.html', '<p>'),
      folder.write('blob', noise(100_000)),
    ]
    const args = [
      '-F',
      'note=hi there',
      '-F',
      attach('a', text),
      '-F',
      attach('b', page),
      '-F',
      attach('c', other),
    ]
    expect(await toldBy(...args, '-F', 'größe=naïve ☕', '-F', 'empty=')).toEqual({
      note: 'hi there',
      a: toldOf('a.txt', 'text/plain', 'hello\r\n'),
      b: toldOf('page.html', 'text/html', '<p>'),
      c: toldOf('blob', 'application/octet-stream', noise(100_000)),
      größe: 'naïve ☕',
      empty: '',
    })
  })

  it.each([
    'a"quote".txt',
    'back\\slash.txt',
    'back\\',
    'semi;colon.txt',
    'comma,name.txt',
    'with  spaces .txt',
    'naïve ☕ テスト.txt',
    'e\u0301.txt',
    "it's.txt",
    'equals=.txt',
    'percent%20%.txt',
    '--b',
    '.hidden',
  ])('sends a file named %s', async (name) => {
    const folder = sourceFolder()
    const path = folder.write(name, name)
    const type = name.endsWith('.txt') ? 'text/plain' : 'application/octet-stream'
    expect(await toldBy('-F', attach('file', path))).toEqual({ file: toldOf(name, type, name) })
  })

  it('sends names of fields with quotes, line ends and all the rest', async () => {
    const names = ['a"b', 'a\\b', 'a;b', 'a\r\nb', 'naïve ☕', ' a ', 'a[b][]']
    const told = await toldBy(...names.flatMap((name) => ['-F', `${name}=text`]))
    expect(Object.keys(told)).toEqual(names)
  })

  it('escapes by backslashes where it is told to', async () => {
    const folder = sourceFolder()
    const path = folder.write('a"b\\c.txt', 'x')
    const told = await toldBy('--form-escape', '-F', attach('file', path), '-F', 'a"b\\c=text')
    expect(told).toEqual({ file: toldOf('a"b\\c.txt', 'text/plain', 'x'), 'a"b\\c': 'text' })
  })

  it('may say what a file is called, and of what type', async () => {
    const path = sourceFolder().write('a.txt', 'x')
    const rests = [
      ';type=image/x-mine',
      ';filename=other.png',
      ';filename="a;\\"b\\".png";type=text/x; charset=utf-8',
    ]
    expect(await toldBy(...rests.flatMap((rest) => ['-F', attach('file', path, rest)]))).toEqual({
      file: [
        toldOf('a.txt', 'image/x-mine', 'x'),
        toldOf('other.png', 'image/png', 'x'),
        toldOf('a;"b".png', 'text/x; charset=utf-8', 'x'),
      ],
    })
  })

  it('may add fields to a part, encode it, and say the type of a text', async () => {
    const folder = sourceFolder()
    const path = folder.write('a.txt', 'x')
    const latin1 = folder.write('latin1', Buffer.from('caf\xe9', 'latin1'))
    const args = ['-F', attach('a', path, ';headers="X-Mine: 1"'), '-F', attach('b', path, ';encoder=base64')]
    expect(await toldBy(...args, '-F', `c=<${latin1};type=text/plain;charset=iso-8859-1`)).toEqual({
      a: toldOf('a.txt', 'text/plain', 'x'),
      b: toldOf('a.txt', 'text/plain', Buffer.from('x').toString('base64')),
      c: 'café',
    })
  })

  it('sends text as it is by --form-string, and text from a file by <', async () => {
    const path = sourceFolder().write('a.txt', 'from a file\n')
    expect(await toldBy('--form-string', 'a=@b;type=c', '-F', `b=<${path}`)).toEqual({
      a: '@b;type=c',
      b: 'from a file\n',
    })
  })

  it('sends empty files', async () => {
    const folder = sourceFolder()
    const paths = [folder.write('a.txt', ''), folder.write('b.txt', 'x'), folder.write('c.txt', '')]
    expect(await toldBy(...paths.flatMap((path) => ['-F', attach('file', path)]))).toEqual({
      file: [
        toldOf('a.txt', 'text/plain', ''),
        toldOf('b.txt', 'text/plain', 'x'),
        toldOf('c.txt', 'text/plain', ''),
      ],
    })
  })

  it('sends fifty files of all sizes, in order', async () => {
    const folder = sourceFolder()
    const files = Array.from({ length: 50 }, (_, n) => ({
      name: `${n}.bin`,
      content: noise(n * n * 97),
    }))
    const args = files.flatMap(({ name, content }) => ['-F', attach('files', folder.write(name, content))])
    expect(await toldBy(...args)).toEqual({
      files: files.map(({ name, content }) => toldOf(name, 'application/octet-stream', content)),
    })
  })

  it.each([
    [[]],
    [['-H', 'Transfer-Encoding: chunked']],
    [['-H', 'Expect: 100-continue']],
    [['--http1.0']],
    [['-X', 'PUT']],
  ])('sends 20 MB, with %j', async (args) => {
    const folder = sourceFolder()
    const content = noise(20_000_000)
    const path = folder.write('large.bin', content)
    const told = await toldBy(...args, '-F', attach('file', path), '-F', 'after=text')
    expect(told).toEqual({ file: toldOf('large.bin', 'application/octet-stream', content), after: 'text' })
  })

  it('sends what it reads from a pipe, whose length it does not know', async () => {
    const { server, url } = await serveAt()
    const content = noise(3_000_000)
    const { code, stdout, stderr } = await run('curl', ['-sS', '-F', 'file=@-;filename=piped', url], content)
    expect([code, stderr, server.errors]).toEqual([0, '', []])
    expect(JSON.parse(stdout)).toEqual({ file: toldOf('piped', 'text/plain', content) })
  })

  it('reads why it was refused, in the middle of what it sends', async () => {
    const folder = sourceFolder()
    const path = folder.write('large.bin', noise(20_000_000))
    const { url, temporary, server } = await serveAt(tell({ maxFileSize: 1_000_000 }))
    for (const args of [[], ['-H', 'Expect:'], ['-H', 'Transfer-Encoding: chunked']]) {
      const { stdout } = await curl(
        ...args,
        '-o',
        join(folder.path, 'answer'),
        '-w',
        '%{http_code}',
        '-F',
        attach('file', path),
        url,
      )
      expect(stdout).toBe('413')
      await expect.poll(temporary.names).toEqual([])
    }
    expect(server.errors).toEqual([])
  })

  it('goes on with its connection after an upload', async () => {
    const { url } = await serveAt()
    const form = ['-F', 'a=1', url]
    const { stdout, stderr } = await curl('-v', ...form, '--next', '-sS', '-v', ...form)
    expect(stdout).toBe('{"a":"1"}{"a":"1"}')
    expect(stderr).toMatch(/Re-using existing connection/)
  })

  it('sends a urlencoded form to wrapParams', async () => {
    const path = join(sourceFolder().path, 'text')
    writeFileSync(path, 'a&b=c+☕')
    const { url } = await serveAt(
      wrapParams((req) => ({ body: JSON.stringify([req.formParams, req.queryParams]) })),
    )
    const args = ['-d', 'a=1', '--data-urlencode', 'a=naïve ☕&', '--data-urlencode', `file@${path}`]
    const { stdout } = await curl(...args, `${url}?q=1&q=%E2%98%95`)
    expect(JSON.parse(stdout)).toEqual([{ a: ['1', 'naïve ☕&'], file: 'a&b=c+☕' }, { q: ['1', '☕'] }])
  })
})

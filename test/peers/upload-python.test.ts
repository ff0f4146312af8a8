// Python's requests (Debian's python3-requests) against wrapMultipartParams and wrapParams.

import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { wrapParams } from '../../src/middleware.js'
import type { Handler } from '../../src/server.js'
import { root } from '../support/built.js'
import { run } from '../support/programs.js'
import { serve } from '../support/raw-peer.js'
import { tell, toldOf, watchTemporaryFiles } from '../support/upload-service.js'
import { noise, sourceFolder } from '../support/upload-sources.js'

// Debian installs for its own Python, which may not be the first one found.
const python = ['/usr/bin/python3', 'python3'].find(
  (name) => spawnSync(name, ['-c', 'import requests']).status === 0,
)
const missing = python ? '' : ' (skipped: python3-requests is not installed)'

interface Form {
  data?: [name: string, text: string][]
  files?: [name: string, file: [filename: string, path: string, type: string | null]][]
}

describe.skipIf(!python)(`python-requests${missing}`, () => {
  async function toldBy(form: Form, handler: Handler = tell()): Promise<unknown> {
    const temporary = watchTemporaryFiles()
    const server = await serve(handler, { maxBody: 64 * 1024 * 1024 })
    const script = `${root}test/support/upload-requests.py`
    const url = `http://127.0.0.1:${server.port}/`
    const { code, stdout, stderr } = await run(python!, [script, url, JSON.stringify(form)])
    expect([code, server.errors], stderr).toEqual([0, []])
    await expect.poll(temporary.names).toEqual([])
    return JSON.parse(stdout)
  }

  it('sends texts and files, with types and without', async () => {
    const folder = sourceFolder()
    const content = noise(3_000_000)
    const [text, binary, empty] = [
      folder.write('a', 'hello\r\n'),
      folder.write('b', content),
      folder.write('c', ''),
    ]
    const told = await toldBy({
      data: [
        ['note', 'naïve ☕'],
        ['lines', 'one\ntwo\r\n'],
      ],
      files: [
        ['text', ['a.txt', text, 'text/plain']],
        ['binary', ['b.bin', binary, 'image/x-mine; q=1']],
        ['empty', ['c.txt', empty, null]],
      ],
    })
    expect(told).toEqual({
      note: 'naïve ☕',
      lines: 'one\ntwo\r\n',
      text: toldOf('a.txt', 'text/plain', 'hello\r\n'),
      binary: toldOf('b.bin', 'image/x-mine; q=1', content),
      empty: toldOf('c.txt', 'text/plain', ''),
    })
  })

  it.each([
    'naïve ☕ テスト.txt',
    'a"b.txt',
    'back\\slash.txt',
    'a\\"b\\',
    'semi;colon=.txt',
    ' spaces .txt',
    'a\r\nb.txt',
  ])('sends %j as a name and as a filename', async (odd) => {
    const path = sourceFolder().write('a', odd)
    const told = await toldBy({ data: [['note', 'x']], files: [[odd, [odd, path, 'text/plain']]] })
    expect(told).toEqual({ note: 'x', [odd]: toldOf(odd, 'text/plain', odd) })
  })

  it('sends lists: a name again and again, in order', async () => {
    const folder = sourceFolder()
    const contents = Array.from({ length: 20 }, (_, n) => noise(n * 1000))
    const told = await toldBy({
      data: [
        ['a', '1'],
        ['b', 'x'],
        ['a', '2'],
        ['a', '1'],
      ],
      files: contents.map((content, n) => ['files', [`${n}.bin`, folder.write(`${n}`, content), 'x/y']]),
    })
    expect(told).toEqual({
      a: ['1', '2', '1'],
      b: 'x',
      files: contents.map((content, n) => toldOf(`${n}.bin`, 'x/y', content)),
    })
  })

  it('sends a urlencoded form where it has no file, which wrapParams reads', async () => {
    const handler = wrapParams((req) => ({ body: JSON.stringify(req.formParams) }))
    const data: Form['data'] = [
      ['a', '1'],
      ['a', 'naïve ☕'],
      ['b c', '&=+%~'],
      ['empty', ''],
    ]
    expect(await toldBy({ data }, handler)).toEqual({ a: ['1', 'naïve ☕'], 'b c': '&=+%~', empty: '' })
  })
})

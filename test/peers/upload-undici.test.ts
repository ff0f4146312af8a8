// FormData of undici, and the one inside Node, against wrapMultipartParams and wrapParams.

import { openAsBlob } from 'node:fs'
import { FormData as UndiciFormData, fetch as undiciFetch } from 'undici'
import { describe, expect, it } from 'vitest'
import { wrapParams } from '../../src/middleware.js'
import { serve } from '../support/raw-peer.js'
import { type Told, tell, toldOf, watchTemporaryFiles } from '../support/upload-service.js'
import { noise, sourceFolder } from '../support/upload-sources.js'

interface Client {
  FormData: typeof FormData
  fetch: typeof fetch
}

const clients: [string, Client][] = [
  ['undici', { FormData: UndiciFormData, fetch: undiciFetch } as unknown as Client],
  ['Node’s fetch', { FormData, fetch }],
]

const some = (size: number) => new Uint8Array(noise(size))

describe.each(clients)('FormData of %s', (_, { FormData, fetch }) => {
  async function toldBy(
    fill: (form: FormData) => unknown,
    options?: Parameters<typeof tell>[0],
  ): Promise<Told> {
    const temporary = watchTemporaryFiles()
    const server = await serve(tell(options), { maxBody: 64 * 1024 * 1024 })
    const form = new FormData()
    await fill(form)
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: form })
    expect([answer.status, server.errors]).toEqual([200, []])
    const told = await answer.json()
    await expect.poll(temporary.names).toEqual([])
    return told as Told
  }

  it('sends texts and files', async () => {
    const bytes = some(300_000)
    const told = await toldBy((form) => {
      form.append('note', 'naïve ☕')
      form.append('lines', 'one\ntwo\r\nthree')
      form.append('text', new File(['hello'], 'a.txt', { type: 'text/plain' }))
      form.append('binary', new File([bytes], 'a.bin', { type: 'image/x-mine' }))
      form.append('untyped', new File(['x'], 'a.txt'))
      form.append('blob', new Blob(['x'], { type: 'text/x' }))
      form.append('renamed', new Blob(['x']), 'b.txt')
      form.append('empty', new File([], 'empty.txt', { type: 'text/plain' }))
    })
    expect(told).toEqual({
      note: 'naïve ☕',
      lines: 'one\r\ntwo\r\nthree',
      text: toldOf('a.txt', 'text/plain', 'hello'),
      binary: toldOf('a.bin', 'image/x-mine', bytes),
      untyped: toldOf('a.txt', 'application/octet-stream', 'x'),
      blob: toldOf('blob', 'text/x', 'x'),
      renamed: toldOf('b.txt', 'application/octet-stream', 'x'),
      empty: toldOf('empty.txt', 'text/plain', ''),
    })
  })

  it.each([
    'a"b',
    'a\nb',
    'a\rb',
    'a\r\nb',
    'a\\b',
    'a\\"b\\c',
    'a;b="c"',
    'naïve ☕ テスト',
    ' a ',
    '',
    '__proto__',
    'é'.repeat(200),
  ])('sends %j as a name and as a filename', async (odd) => {
    // A line end in a name is sent as CRLF (HTML, "multipart/form-data encoding algorithm"), in a filename as it is.
    const name = odd.replace(/\r\n|\r|\n/g, '\r\n')
    const told = await toldBy((form) => {
      form.append(odd, 'text')
      form.append(odd, new File(['x'], `${odd}.txt`, { type: 'text/plain' }))
    })
    const values = ['text', toldOf(`${odd}.txt`, 'text/plain', 'x')]
    expect(Object.entries(told)).toEqual([[name, values]])
  })

  // Nobody escapes a backslash: a name that ends with one can only be told where its quote ends the line.
  it('sends names that end with a backslash', async () => {
    const told = await toldBy((form) => {
      form.append('a\\', 'text')
      form.append('file', new File(['x'], 'C:\\"b\\', { type: 'text/plain' }))
    })
    expect(told).toEqual({ 'a\\': 'text', file: toldOf('C:\\"b\\', 'text/plain', 'x') })
  })

  it('sends a name again and again, in order', async () => {
    const told = await toldBy((form) => {
      for (let n = 0; n < 50; n++) {
        form.append('a', n % 2 ? String(n) : new File([some(n * 1000)], `${n}`, { type: 'x/y' }))
      }
    })
    const a = Array.from({ length: 50 }, (_, n) =>
      n % 2 ? String(n) : toldOf(`${n}`, 'x/y', some(n * 1000)),
    )
    expect(told).toEqual({ a })
  })

  it('sends a file of 20 MB from the disk', async () => {
    const folder = sourceFolder()
    const content = noise(20_000_000)
    const blob = await openAsBlob(folder.write('large.bin', content))
    const told = await toldBy((form) => {
      form.append('file', blob, 'large.bin')
      form.append('after', 'text')
    })
    expect(told).toEqual({ file: toldOf('large.bin', 'application/octet-stream', content), after: 'text' })
  })

  it('sends nothing at all', async () => {
    expect(await toldBy(() => {})).toEqual({})
  })

  it('is told why it was refused', async () => {
    watchTemporaryFiles()
    const server = await serve(tell({ maxFiles: 1 }))
    const form = new FormData()
    for (const name of ['a', 'b']) form.append(name, new File(['x'], name))
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body: form })
    expect([answer.status, await answer.text()]).toEqual([413, expect.stringMatching(/file/)])
  })

  it('has a cousin for urlencoded forms, which wrapParams reads', async () => {
    const server = await serve(
      wrapParams((req) => ({ body: JSON.stringify(Object.entries(req.formParams)) })),
    )
    const pairs = [
      ['a', '1'],
      ['a', 'naïve ☕'],
      ['b c', '&=+%\r\n'],
      ['__proto__', ''],
      ['lone', '\ud800'],
    ]
    const body = new URLSearchParams(pairs)
    const answer = await fetch(`http://127.0.0.1:${server.port}/`, { method: 'POST', body })
    expect(await answer.json()).toEqual([
      ['a', ['1', 'naïve ☕']],
      ['b c', '&=+%\r\n'],
      ['__proto__', ''],
      ['lone', '\ufffd'],
    ])
  })
})

// onUploadProgress and onDownloadProgress: told how much of a body has gone or come, and of how much, where that is known.
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { file, get, head, post, put, type RequestOptions } from '../../src/client.js'
import { readableOf } from '../support/multipart-source.js'
import { record, redirect } from '../support/recording-server.js'
import { noise, sourceFolder } from '../support/upload-sources.js'

type Told = [bytes: number, total: number | undefined][]

function expectProgress(told: Told, bytes: number, total: number | undefined): void {
  expect(told.length).toBeGreaterThan(0)
  for (const [, each] of told) expect(each).toBe(total)
  const counts = told.map(([each]) => each)
  expect(counts).toEqual([...counts].sort((one, other) => one - other))
  expect(counts.at(-1)).toBe(bytes)
  for (const each of counts) expect(Number.isInteger(each) && each >= 0 && each <= bytes).toBe(true)
}

async function upload(
  body: RequestOptions['body'],
  options: Omit<RequestOptions, 'url'> = {},
): Promise<Told> {
  const { url } = await record()
  const told: Told = []
  const onUploadProgress = (bytes: number, total: number | undefined): void => void told.push([bytes, total])
  const { error } = await post(url, { ...options, body: body!, onUploadProgress })
  expect(error).toBeUndefined()
  return told
}

const MiB = 1024 * 1024

describe('onUploadProgress', () => {
  it.each<[string, () => RequestOptions['body'], number, number | undefined]>([
    ['a text', () => 'hé', 3, 3],
    ['bytes', () => new Uint8Array(5 * MiB), 5 * MiB, 5 * MiB],
    ['a Blob', () => new Blob([Uint8Array.from(noise(MiB))]), MiB, MiB],
    ['a file', () => file(sourceFolder().write('a', noise(3 * MiB))), 3 * MiB, 3 * MiB],
    ['an array', () => ['a', 'bé'], 4, undefined],
    ['a stream', () => readableOf([Buffer.alloc(MiB), Buffer.alloc(MiB)]), 2 * MiB, undefined],
  ])('counts to the end of %s', async (_, body, bytes, total) => {
    expectProgress(await upload(body()), bytes, total)
  })

  it('knows the total of a stream whose length is stated', async () => {
    expectProgress(await upload(readableOf([Buffer.alloc(7)]), { headers: { 'Content-Length': '7' } }), 7, 7)
  })

  it('counts a form’s body with its boundaries', async () => {
    const server = await record()
    const told: Told = []
    await post(server.url, {
      multipart: [{ name: 'a', content: noise(100_000) }],
      onUploadProgress: (bytes, total) => void told.push([bytes, total]),
    })
    expectProgress(told, server.last.body.length, server.last.body.length)
  })

  it('is told on the way, not only at the end', async () => {
    const told = await upload(readableOf(Array.from({ length: 64 }, () => Buffer.alloc(256 * 1024))))
    expect(told.length).toBeGreaterThan(4)
  })

  it('is never told of a body that is not there', async () => {
    const { url } = await record()
    const told: Told = []
    await get(url, { onUploadProgress: (...progress) => void told.push(progress) })
    expect(told.filter(([bytes]) => bytes > 0)).toEqual([])
  })

  it('begins again where the body is sent again', async () => {
    const { url } = await record((req) => (req.target === '/' ? redirect(307, '/there') : 'ok'))
    const told: Told = []
    await put(`${url}/`, { body: 'hello', onUploadProgress: (...progress) => void told.push(progress) })
    expect(told.filter(([bytes]) => bytes === 5)).toHaveLength(2)
  })
})

describe('onDownloadProgress', () => {
  const kinds = ['auto', 'text', 'byteArray', 'rawByteArray', 'none', 'stream'] as const

  async function download(url: string, options: Omit<RequestOptions, 'url'> = {}): Promise<Told> {
    const told: Told = []
    const onDownloadProgress = (bytes: number, total: number | undefined): void =>
      void told.push([bytes, total])
    const { error, body } = await get(url, { ...options, onDownloadProgress })
    expect(error).toBeUndefined()
    if (body instanceof ReadableStream) for await (const _ of body as ReadableStream<Uint8Array>);
    return told
  }

  it.each(kinds)('counts to the end of a body whose length is known: %s', async (as) => {
    const { url } = await record(() => ({ body: noise(MiB) }))
    expectProgress(await download(url, { as }), MiB, MiB)
  })

  it.each(kinds)('counts to the end of a chunked one, without a total: %s', async (as) => {
    const { url } = await record(() => ({ body: Array.from({ length: 20 }, () => noise(10_000)) }))
    const told = await download(url, { as })
    expectProgress(told, 200_000, undefined)
    expect(told.length).toBeGreaterThan(1)
  })

  it('counts what came, before it was decompressed', async () => {
    const body = gzipSync(Buffer.alloc(1_000_000))
    const { url } = await record(() => ({ headers: { 'Content-Encoding': 'gzip' }, body }))
    for (const as of ['byteArray', 'stream'] as const) {
      expectProgress(await download(url, { as }), body.length, body.length)
    }
  })

  it('is told before the body is whole', async () => {
    let open = (): void => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const { url } = await record(() => ({
      body: (async function* () {
        yield 'first'
        await gate
        yield 'second'
      })(),
    }))
    const told: Told = []
    const promise = get(url, {
      as: 'text',
      onDownloadProgress(bytes, total) {
        told.push([bytes, total])
        if (bytes === 5) open()
      },
    })
    expect(await promise).toMatchObject({ body: 'firstsecond' })
    expectProgress(told, 11, undefined)
  })

  it('is never told of a body that is not there', async () => {
    const { url } = await record((req) => ({ status: Number(req.target.slice(1)), body: 'x' }))
    const told: Told = []
    const onDownloadProgress = (...progress: Told[number]): void => void told.push(progress)
    await get(`${url}/204`, { onDownloadProgress })
    await get(`${url}/304`, { onDownloadProgress })
    await head(`${url}/200`, { onDownloadProgress })
    expect(told.filter(([bytes]) => bytes > 0)).toEqual([])
  })
})

describe('a function that throws', () => {
  const mine = new Error('mine')
  const throwing = (): never => {
    throw mine
  }
  const rows: [string, () => RequestOptions][] = [
    ['onUploadProgress of a text', () => ({ body: 'hello', onUploadProgress: throwing })],
    [
      'onUploadProgress of a stream',
      () => ({ body: readableOf([Buffer.alloc(9)]), onUploadProgress: throwing }),
    ],
    ['onDownloadProgress of a text', () => ({ onDownloadProgress: throwing })],
    ['onDownloadProgress of a stream', () => ({ as: 'stream', onDownloadProgress: throwing })],
  ]

  it.each(rows)('is an error of the request, and of nobody else: %s', async (_, options) => {
    const unseen: unknown[] = []
    const note = (error: unknown): void => void unseen.push(error)
    process.on('uncaughtException', note).on('unhandledRejection', note)
    try {
      const server = await record(() => ({
        headers: { 'Content-Type': 'text/plain' },
        body: ['some', 'text'],
      }))
      const { error, body } = await post(server.url, options())
      const failure =
        body instanceof ReadableStream
          ? await new Response(body).text().catch((reason: unknown) => reason)
          : error
      expect(failure).toMatchObject({ name: 'HttpKitError' })
      expect((failure as Error).cause).toBe(mine)
      expect(await get(server.url)).toMatchObject({ status: 200, body: 'sometext' })
    } finally {
      process.off('uncaughtException', note).off('unhandledRejection', note)
    }
    expect(unseen).toEqual([])
  })
})

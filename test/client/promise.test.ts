// The promise of a response: it always resolves, tells whether it has, and can be waited for in more ways than one.
import { spawnSync } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import { type ClientResponse, get, HttpKitError, request } from '../../src/client.js'
import { ensureBuilt, root } from '../support/built.js'
import { moduleOf } from '../support/programs.js'
import { closedPort, record } from '../support/recording-server.js'
import { deferred, timeOf } from '../support/waiting.js'

/** A server whose answers wait. */
async function hesitant(): Promise<{ url: string; answer: () => void }> {
  const gate = deferred()
  const { url } = await record(async () => {
    await gate.promise
    return 'at last'
  })
  return { url, answer: gate.resolve }
}

async function refusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await closedPort()}/`
}

describe('the promise', () => {
  it('is a Promise', async () => {
    const { url } = await record()
    const promise = get(url)
    expect(promise).toBeInstanceOf(Promise)
    await promise
  })

  it('resolves to status, headers, body and opts', async () => {
    const { url } = await record(() => ({
      status: 201,
      headers: { 'Content-Type': 'text/plain' },
      body: 'hi',
    }))
    const response = await get(url)
    expect(Object.keys(response).sort()).toEqual(['body', 'headers', 'opts', 'status'])
    expect(response).toMatchObject({ status: 201, body: 'hi' })
  })

  it.each([301, 400, 404, 500, 503, 599])(
    'resolves without an error where the status is %i',
    async (status) => {
      const { url } = await record(() => ({ status, headers: { 'Content-Type': 'text/plain' }, body: 'no' }))
      const response = await get(url, { followRedirects: false })
      expect(response).toMatchObject({ status, body: 'no' })
      expect(response.error).toBeUndefined()
    },
  )

  it('resolves with error and opts and nothing else where nobody listens', async () => {
    const response = await get(await refusedUrl(), { mine: 1 } as never)
    expect(Object.keys(response).sort()).toEqual(['error', 'opts'])
    expect(response.error).toBeInstanceOf(HttpKitError)
    expect(response.error).toBeInstanceOf(Error)
    expect(response.error).toMatchObject({
      name: 'HttpKitError',
      code: 'ERR_CONNECT',
      cause: { code: 'ECONNREFUSED' },
    })
    expect(response.opts).toMatchObject({ mine: 1 })
  })

  it.each<[string, () => unknown]>([
    ['no options', () => request(undefined as never)],
    ['null', () => request(null as never)],
    ['options without a URL', () => request({} as never)],
    ['no URL', () => get(undefined as never)],
    ['a URL that is none', () => get('::')],
    ['a number', () => get(42 as never)],
  ])('resolves with ERR_INVALID_ARGUMENT, and nothing is thrown, for %s', async (_, ask) => {
    const response = (await ask()) as ClientResponse
    expect(response.error).toMatchObject({ name: 'HttpKitError', code: 'ERR_INVALID_ARGUMENT' })
    expect(response.opts).toBeTypeOf('object')
  })

  it('has then, catch and finally like any other', async () => {
    const { url } = await record()
    const after = vi.fn()
    const status = await get(url)
      .catch(() => undefined)
      .finally(after)
      .then((response) => response!.status)
    expect(status).toBe(200)
    expect(after).toHaveBeenCalledTimes(1)
    expect(await Promise.all([get(url), get(url)])).toHaveLength(2)
  })

  it('can be awaited more than once', async () => {
    const { url } = await record()
    const promise = get(url)
    expect(await promise).toBe(await promise)
  })
})

describe('realized', () => {
  it('is false until the response is there, then true', async () => {
    const { url, answer } = await hesitant()
    const promise = get(url)
    expect(promise.realized).toBe(false)
    expect(await promise.deref(20, 'not yet')).toBe('not yet')
    expect(promise.realized).toBe(false)
    answer()
    await promise
    expect(promise.realized).toBe(true)
  })

  it('is true where the request has failed', async () => {
    const promise = get(await refusedUrl())
    expect(promise.realized).toBe(false)
    await promise
    expect(promise.realized).toBe(true)
  })

  it('is false until what the callback returns has settled', async () => {
    const { url } = await record()
    const called = deferred()
    const returned = deferred<string>()
    const promise = get(url, () => {
      called.resolve()
      return returned.promise
    })
    await called.promise
    expect(promise.realized).toBe(false)
    returned.resolve('done')
    expect(await promise).toBe('done')
    expect(promise.realized).toBe(true)
  })
})

describe('deref', () => {
  it('gives the response where it comes in time', async () => {
    const { url } = await record()
    expect(await get(url).deref(10_000, 'late')).toMatchObject({ status: 200 })
  })

  it('gives the fallback where it does not, and the request goes on', async () => {
    const { url, answer } = await hesitant()
    const promise = get(url, { as: 'text' })
    const fallback = { of: 'mine' }
    expect(await promise.deref(10, fallback)).toBe(fallback)
    answer()
    expect(await promise).toMatchObject({ status: 200, body: 'at last' })
  })

  it('waits as long as it is told', async () => {
    const { url, answer } = await hesitant()
    const promise = get(url)
    expect(await timeOf(promise.deref(60, undefined))).toBeGreaterThanOrEqual(58)
    answer()
    await promise
  })

  it('gives the response, and no fallback, once it is there, however short the time', async () => {
    const { url } = await record()
    const promise = get(url)
    await promise
    expect(await promise.deref(0, 'late')).toMatchObject({ status: 200 })
  })

  it('gives the error of a request that failed', async () => {
    expect(await get(await refusedUrl()).deref(10_000, 'late')).toMatchObject({
      error: { code: 'ERR_CONNECT' },
    })
  })

  it('may be asked by many, each with a time of its own', async () => {
    const { url, answer } = await hesitant()
    const promise = get(url)
    const long = promise.deref(10_000, 'late')
    expect(await Promise.all([promise.deref(5, 'a'), promise.deref(10, 'b')])).toEqual(['a', 'b'])
    answer()
    expect(await long).toMatchObject({ status: 200 })
  })

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 40])(
    'waits on, however long the time: %s',
    async (timeout) => {
      const { url, answer } = await hesitant()
      const waiting = get(url).deref(timeout, 'late')
      await new Promise((resolve) => setTimeout(resolve, 20))
      answer()
      expect(await waiting).toMatchObject({ status: 200 })
    },
  )

  it('leaves no timer behind', async () => {
    const { url } = await record()
    const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const promise = get(url)
    await Promise.all([promise.deref(600_000, 'late'), promise.deref(600_000, 'late')])
    expect(timers()).toBeLessThanOrEqual(before)
  })

  it('does not keep the process alive', () => {
    ensureBuilt()
    const script = `
      import { createServer } from 'node:http'
      import { get } from ${JSON.stringify(`${root}build/client.js`)}
      const server = createServer((_, res) => res.end('ok')).listen(0, async () => {
        const promise = get('http://127.0.0.1:' + server.address().port)
        promise.deref(600_000, 'late').then(() => console.log('answered'))
        await promise
        server.close()
        server.closeAllConnections()
      })`
    const { status, stdout, stderr } = spawnSync(process.execPath, [moduleOf(script)], {
      encoding: 'utf8',
      timeout: 15_000,
    })
    expect([stdout, stderr, status]).toEqual(['answered\n', '', 0])
  })
})

describe('unwrap', () => {
  it('resolves to the response, whatever its status', async () => {
    const { url } = await record(() => ({ status: 500 }))
    const promise = get(url)
    expect(await promise.unwrap()).toBe(await promise)
  })

  it('rejects with the error of a request that failed', async () => {
    const promise = get(await refusedUrl())
    const { error } = await promise
    await expect(promise.unwrap()).rejects.toBe(error)
  })

  it('rejects with the error where the callback throws', async () => {
    const { url } = await record()
    const promise = get(url, () => {
      throw new Error('mine')
    })
    await expect(promise.unwrap()).rejects.toMatchObject({ message: 'mine' })
  })

  it('resolves to what the callback returns', async () => {
    const { url } = await record()
    expect(await get(url, () => 'mine').unwrap()).toBe('mine')
    expect(await get(url, () => undefined).unwrap()).toBeUndefined()
    expect(await get(url, () => null).unwrap()).toBeNull()
  })
})

it('nothing is rejected unseen where nobody waits for a request that fails', async () => {
  const unseen: unknown[] = []
  const note = (error: unknown): void => void unseen.push(error)
  process.on('unhandledRejection', note)
  try {
    const url = await refusedUrl()
    await get(url)
    await get(url, () => {
      throw new Error('mine')
    })
    await get('no url')
    await get(url).deref(10_000, undefined)
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', note)
  }
  expect(unseen).toEqual([])
})

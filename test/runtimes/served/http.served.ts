// A handler behind a platform's own server, over real sockets: requests, bodies both ways, channels that wait and stream.
import { describe, expect, test } from 'vitest'
import { ask, connectPeer, eventually, type RawPeer } from '../../support/raw-peer.js'
import { lacks, serveApp } from './serving.js'

const MiB = 1024 * 1024
const app = serveApp()

let ids = 0
const newId = () => `h${++ids}`

const get = (path: string, fields = '') => `GET ${path} HTTP/1.1\r\nHost: app.example:81\r\n${fields}\r\n`
const head = (path: string) => get(path).replace('GET', 'HEAD')
const post = (path: string, fields: string) => get(path, fields).replace('GET', 'POST')
const whole = (path: string, body: string | Uint8Array) =>
  Buffer.concat([Buffer.from(post(path, `Content-Length: ${body.length}\r\n`)), Buffer.from(body as string)])
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`
const chunked = (path: string) => post(path, 'Transfer-Encoding: chunked\r\n')

const answerTo = (request: string | Uint8Array) => ask(app.port, request)
const jsonOf = async (request: string | Uint8Array) => JSON.parse((await answerTo(request)).text)

describe('the request map', () => {
  test('is of the request as it was sent', async () => {
    const map = await jsonOf(get('/map?a=%C3%A9+b&c', 'X-Some: Value\r\nAccept: a/b\r\nAccept: c/d\r\n'))
    expect(map).toMatchObject({
      uri: '/map',
      queryString: 'a=%C3%A9+b&c',
      requestMethod: 'get',
      scheme: 'http',
      protocol: 'HTTP/1.1',
      serverName: 'app.example',
      serverPort: 81,
      websocket: false,
      hasBody: false,
      params: { a: 'é b', c: '' },
      headers: { host: 'app.example:81', 'x-some': 'Value', accept: 'a/b, c/d' },
    })
    expect(map.startTime).toBeTypeOf('number')
  })

  test('has header values with a character for each byte', async () => {
    const { headers } = await jsonOf(get('/map', 'X-Text: \xc3\xa9 \xe2\x98\x95\r\n'))
    expect(headers['x-text']).toBe('\xc3\xa9 \xe2\x98\x95')
  })

  test.skipIf(lacks('remoteAddr'))('has the address of the client', async () => {
    expect((await jsonOf(get('/map'))).remoteAddr).toBe('127.0.0.1')
  })

  test('has the type, charset and length of a body', async () => {
    const fields = 'Content-Type: text/plain; charset=iso-8859-1\r\nContent-Length: 3\r\n'
    expect(await jsonOf(`${post('/map', fields)}abc`)).toMatchObject({
      requestMethod: 'post',
      contentType: 'text/plain',
      characterEncoding: 'iso-8859-1',
      contentLength: 3,
      hasBody: true,
    })
  })

  test.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('has the method %s', async (method) => {
    const map = await jsonOf(get('/map').replace('GET', method))
    expect(map.requestMethod).toBe(method.toLowerCase())
  })

  test.each([
    ['/no%20such%2Fpath', '/no%20such%2Fpath'],
    ['//two', '//two'],
    ['/%C3%A9', '/%C3%A9'],
    ['/a;b=c/@:d', '/a;b=c/@:d'],
  ])('has the path %s', async (sent, uri) => {
    expect((await answerTo(get(sent))).text).toBe(`nothing at ${uri}`)
  })

  test('comes of requests one after the other on one connection', async () => {
    const peer = await connectPeer(app.port)
    for (const query of ['a=1', 'b=2', 'c=3']) {
      const { text } = await peer.send(get(`/map?${query}`)).response()
      expect(JSON.parse(text).queryString).toBe(query)
    }
  })
})

describe('an answer', () => {
  test('has its status, headers and body', async () => {
    const answer = await answerTo(get('/text'))
    expect([answer.status, answer.header('content-type'), answer.text]).toEqual([200, 'text/plain', 'hello'])
  })

  test('of a whole body has its length', async () => {
    expect((await answerTo(get('/text'))).framing).toBe('length')
    expect((await answerTo(get('/untyped'))).framing).toBe('length')
  })

  test('has no type where the handler gives none', async () => {
    expect((await answerTo(get('/untyped'))).header('content-type')).toBe(undefined)
  })

  test('has headers as UTF-8, lists, numbers and cookies', async () => {
    const answer = await answerTo(get('/headers'))
    expect(Buffer.from(answer.header('x-text')!, 'latin1').toString()).toBe('é ☕')
    expect([answer.headerAll('x-list').join(', '), answer.header('x-number')]).toEqual(['a, b', '5'])
    expect(answer.headerAll('set-cookie')).toEqual(['a=1', 'b=2; Path=/'])
  })

  test.each([201, 299, 404, 418, 503])('has the status %i', async (status) => {
    const answer = await answerTo(get(`/status?status=${status}&body=x`))
    expect([answer.status, answer.text]).toEqual([status, 'x'])
  })

  test.each([204, 304])('of %i has no body, and the next follows', async (status) => {
    const peer = await connectPeer(app.port)
    const answer = await peer.send(get(`/status?status=${status}&body=x`)).response()
    expect([answer.status, answer.text]).toEqual([status, ''])
    expect((await peer.send(get('/text')).response()).text).toBe('hello')
  })

  test('to HEAD has what GET is told, and no body', async () => {
    const peer = await connectPeer(app.port)
    const answer = await peer.send(head('/text')).response('HEAD')
    expect([answer.status, answer.header('content-type'), answer.header('content-length')]).toEqual([
      200,
      'text/plain',
      '5',
    ])
    expect((await peer.send(head('/lines?count=2')).response('HEAD')).status).toBe(200)
    expect((await peer.send(get('/text')).response()).text).toBe('hello')
  })

  test('of nothing is 404, of a failure 500', async () => {
    expect((await answerTo(get('/none'))).status).toBe(404)
    expect(await answerTo(get('/boom'))).toMatchObject({ status: 500, text: '' })
    expect(await answerTo(get('/status?status=65736'))).toMatchObject({ status: 500, text: '' })
  })

  test('of a Blob has its type and length', async () => {
    const answer = await answerTo(get('/blob'))
    expect(answer.header('content-type')).toMatch(/^text\/x-blob/)
    expect([answer.header('content-length'), answer.text]).toEqual(['5', 'hello'])
  })
})

describe('a body that streams', () => {
  test('arrives piece by piece', async () => {
    const peer = (await connectPeer(app.port)).send(get('/lines?count=3'))
    const answer = await peer.response()
    expect([answer.framing, answer.text]).toEqual(['chunked', 'line 1\nline 2\nline 3\n'])
  })

  test('with a length that is right is sent with it', async () => {
    const answer = await answerTo(get('/length?stated=5'))
    expect(answer.text).toBe('hello')
    if (!lacks('lengths of streams')) expect(answer.header('content-length')).toBe('5')
  })

  test('that falls short of its length is cut', async () => {
    const peer = (await connectPeer(app.port)).send(get('/length?stated=9'))
    expect('hello'.startsWith((await peer.cutResponse()).text)).toBe(true)
  })

  test('that runs over its length ends with it', async () => {
    const peer = (await connectPeer(app.port)).send(get('/length?stated=3'))
    const text = await peer.response().then(
      (whole) => whole.text,
      (error) => error.response.text,
    )
    expect('hel'.startsWith(text)).toBe(true)
  })

  test.skipIf(lacks('cuts'))('that fails in its middle is cut', async () => {
    const peer = (await connectPeer(app.port)).send(get('/boom-midway'))
    expect('half'.startsWith((await peer.cutResponse()).text)).toBe(true)
  })

  test('is made no faster than the client reads, and ended when that goes', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(get(`/endless?id=${id}`))
    peer.pause()
    const made = async () => ((await app.told(id)).at(-1)?.[1] ?? 0) as number
    // What the kernel and the platform hold at most; an endless body would pass it in no time.
    let before = -1
    await eventually(async () => {
      const now = await made()
      const isStill = now > 0 && now === before
      before = now
      return isStill
    }).toBe(true)
    expect(before).toBeLessThan(64 * MiB)
    peer.reset()
    await eventually(async () => (await app.told(id)).at(-1)).toEqual(['over'])
  })
})

describe('a body that is sent', () => {
  test.each([1, 65_536, 1_000_000, 5 * MiB])('of %i bytes comes back as it was', async (size) => {
    const bytes = Buffer.alloc(size, 'the quick brown fox ')
    const answer = await answerTo(whole('/echo', bytes))
    expect([answer.status, answer.body.equals(bytes)]).toEqual([200, true])
  })

  test('may be empty', async () => {
    expect(await jsonOf(whole('/size', ''))).toBe(0)
    expect(await jsonOf(`${chunked('/size')}0\r\n\r\n`)).toBe(0)
  })

  test('in chunks is read whole', async () => {
    const peer = (await connectPeer(app.port)).send(chunked('/size'))
    for (const piece of ['one', 'two', 'x'.repeat(100_000)]) peer.send(chunk(piece))
    expect((await peer.send('0\r\n\r\n').response()).text).toBe('100006')
  })

  test('is answered while it is still on its way', async () => {
    const peer = (await connectPeer(app.port)).send(`${post('/upper', 'Content-Length: 11\r\n')}first`)
    await untilUnread(peer, 'FIRST')
    expect((await peer.send('second').response()).text).toBe('FIRSTSECOND')
  })

  const sentInChunks = async () => {
    const peer = (await connectPeer(app.port)).send(chunked('/upper') + chunk('first'))
    await untilUnread(peer, 'FIRST')
    peer.send(chunk('second'))
    await untilUnread(peer, 'SECOND')
    return peer
  }

  test('in chunks is answered while it is still on its way', async () => {
    expect(String((await sentInChunks()).unread)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test.skipIf(lacks('late ends'))('in chunks may end after all of it has been answered', async () => {
    const peer = await sentInChunks()
    expect((await peer.send('0\r\n\r\n').response()).text).toBe('FIRSTSECOND')
  })

  test('past maxBody is 413, by its stated length or as it comes', async () => {
    expect(
      (await answerTo(post('/size', `Content-Length: ${16 * MiB + 1}\r\nConnection: close\r\n`))).status,
    ).toBe(413)
    const peer = (await connectPeer(app.port)).send(chunked('/size'))
    const piece = chunk('x'.repeat(MiB))
    for (let sent = 0; sent < 17; sent++) peer.send(piece)
    expect((await peer.send('0\r\n\r\n').response()).status).toBe(413)
  })

  test('of just maxBody is taken', async () => {
    expect(await jsonOf(whole('/size', new Uint8Array(16 * MiB)))).toBe(16 * MiB)
  })

  test('is not needed for an answer', async () => {
    expect(await answerTo(whole('/unread', 'x'.repeat(1000)))).toMatchObject({ status: 403, text: 'no' })
  })

  test('of a form is read by middleware', async () => {
    const form = new FormData()
    form.set('a', 'é')
    form.set('file', new Blob(['hello']), 'x.txt')
    const answer = await fetch(`${app.url}/params?b=2`, { method: 'POST', body: form })
    expect(await answer.json()).toMatchObject({ params: { b: '2', a: 'é' }, files: ['a', 'file'] })
    const encoded = await fetch(`${app.url}/params?b=2`, {
      method: 'POST',
      body: new URLSearchParams({ a: 'é' }),
    })
    expect(await encoded.json()).toEqual({ params: { a: 'é', b: '2' }, files: [] })
  })

  test('that breaks off is an error for who reads it', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(
      `${post(`/upload?id=${id}`, 'Content-Length: 1000\r\n')}half`,
    )
    await eventually(() => app.told(id)).toEqual([['begun']])
    peer.reset()
    await eventually(() => app.told(id)).toEqual([['begun'], ['failed', 'BODY_CUT_SHORT']])
  })
})

/** Settles when the text has come, unread. */
async function untilUnread(peer: RawPeer, text: string): Promise<void> {
  await eventually(() => String(peer.unread)).toContain(text)
}

describe('a channel', () => {
  test('answers late', async () => {
    const id = newId()
    expect(await answerTo(get(`/poll?ms=30&id=${id}`))).toMatchObject({ status: 201, text: 'late' })
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'server-close', null, '']])
  })

  test('streams, and closes', async () => {
    const id = newId()
    const answer = await answerTo(get(`/events?count=3&id=${id}`))
    expect(answer).toMatchObject({
      status: 200,
      framing: 'chunked',
      text: 'data: 0\n\ndata: 1\n\ndata: 2\n\n',
    })
    expect(answer.header('content-type')).toBe('text/event-stream')
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'server-close', null, '']])
  })

  test('is told when its client goes in the middle of a stream', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(get(`/events?count=0&id=${id}`))
    await untilUnread(peer, 'data: 2')
    peer.reset()
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'client-close', null, '']])
  })

  test.skipIf(lacks('loss while waiting'))('is told when its client goes while it waits', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(get(`/wait?room=${id}&id=${id}`))
    await eventually(() => app.told(id)).toEqual([['open']])
    peer.reset()
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'client-close', null, '']])
  })

  test.skipIf(lacks('meeting'))('that waits is answered by another request', async () => {
    const id = newId()
    const waiting = [1, 2, 3].map(() => answerTo(get(`/wait?room=${id}&id=${id}`)))
    await eventually(async () => (await app.told(id)).length).toBe(3)
    expect(await jsonOf(get(`/publish?room=${id}&message=news`))).toBe(3)
    expect((await Promise.all(waiting)).map(({ text }) => text)).toEqual(['news', 'news', 'news'])
  })

  test('goes no faster than its client, where it waits until all is drained', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(get(`/drained?id=${id}`))
    peer.pause()
    const last = async () => ((await app.told(id)).at(-1) ?? []) as [string, number, number]
    let before = -1
    await eventually(async () => {
      const [, now = 0] = await last()
      const isStill = now > 0 && now === before
      before = now
      return isStill
    }).toBe(true)
    const [, sent, mostBuffered] = await last()
    expect(sent).toBeLessThan(64 * MiB)
    expect(mostBuffered).toBeLessThanOrEqual(64 * 1024)
    peer.reset()
    await eventually(last).toEqual(['close', 'client-close', null, ''])
  })

  test('is cut where more than maxBuffered waits for its client', async () => {
    const id = newId()
    const peer = (await connectPeer(app.port)).send(get(`/flood?id=${id}`))
    peer.pause()
    await eventually(() => app.told(id)).toEqual([['open'], ['close', 'server-close', null, '']])
    peer.resume()
    const { status, body } = await (lacks('cuts') ? peer.response() : peer.cutResponse())
    expect(status).toBe(200)
    expect(body.length).toBeLessThan(64 * MiB)
  })
})

// Apps of frameworks that know nothing of us, unchanged: behind fromFetch they answer as they do by themselves.
import { H3 } from 'h3'
import { Hono } from 'hono'
import { AutoRouter, type IRequest } from 'itty-router'
import { describe, expect, test } from 'vitest'
import { type FetchApp, fromFetch, toFetch } from '../../src/edge.js'
import { piecesIn, requestOf, textStream } from '../support/behind-fetch.js'

const slowly = () => textStream('one', 'two', 'three')

function honoApp(): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    c.header('x-after', 'middleware')
  })
  app.get('/', (c) => c.text('home'))
  app.get('/users/:id', (c) => c.json({ id: c.req.param('id'), q: c.req.query('q') ?? null }))
  app.post('/json', async (c) => c.json({ got: await c.req.json() }, 201))
  app.post('/form', async (c) => c.json(await c.req.parseBody()))
  app.post('/echo', (c) => new Response(c.req.raw.body))
  app.get('/stream', () => new Response(slowly()))
  app.get('/cookies', (c) => {
    c.header('set-cookie', 'a=1', { append: true })
    c.header('set-cookie', 'b=2', { append: true })
    return c.body(null, 204)
  })
  app.get('/away', (c) => c.redirect('/'))
  app.get('/boom', () => {
    throw new Error('boom')
  })
  app.onError((_error, c) => c.text('sorry', 500))
  return app
}

function ittyApp() {
  const router = AutoRouter({
    finally: [
      (response: Response) => {
        response.headers.set('x-after', 'middleware')
        return response
      },
    ],
    catch: () => new Response('sorry', { status: 500 }),
  })
  return router
    .get('/', () => new Response('home'))
    .get('/users/:id', ({ id, query }: IRequest) => Response.json({ id, q: query.q ?? null }))
    .post('/json', async (request: IRequest) => Response.json({ got: await request.json() }, { status: 201 }))
    .post('/form', async (request: IRequest) => Response.json(Object.fromEntries(await request.formData())))
    .post('/echo', (request: IRequest) => new Response(request.body))
    .get('/stream', () => new Response(slowly()))
    .get(
      '/cookies',
      () =>
        new Response(null, {
          status: 204,
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ],
        }),
    )
    .get('/away', () => new Response(null, { status: 302, headers: { location: '/' } }))
    .get('/boom', () => {
      throw new Error('boom')
    })
    .all('*', () => new Response('no such page', { status: 404 }))
}

function h3App(): H3 {
  const app = new H3({
    silent: true,
    onError: (error) => new Response('sorry', { status: error.status }),
    onResponse: (response) => response.headers.set('x-after', 'middleware'),
  })
  app.get('/', () => new Response('home'))
  app.get('/users/:id', (event) =>
    Response.json({ id: event.context.params?.id, q: event.url.searchParams.get('q') }),
  )
  app.post('/json', async (event) => Response.json({ got: await event.req.json() }, { status: 201 }))
  app.post('/form', async (event) => Response.json(Object.fromEntries(await event.req.formData())))
  app.post('/echo', (event) => new Response(event.req.body))
  app.get('/stream', () => new Response(slowly()))
  app.get(
    '/cookies',
    () =>
      new Response(null, {
        status: 204,
        headers: [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
        ],
      }),
  )
  app.get('/away', () => new Response(null, { status: 302, headers: { location: '/' } }))
  app.get('/boom', () => {
    throw new Error('boom')
  })
  return app
}

const form = () => {
  const data = new FormData()
  data.set('a', 'é')
  return data
}

const asked: [name: string, path: string, init?: () => RequestInit][] = [
  ['a page', '/'],
  ['a page with parameters', '/users/42?q=a%20b'],
  ['a page that is not there', '/missing'],
  ['the head of a page', '/', () => ({ method: 'HEAD' })],
  ['a method that is not there', '/users/42', () => ({ method: 'DELETE' })],
  [
    'JSON',
    '/json',
    () => ({ method: 'POST', body: '{"a":["é"]}', headers: { 'content-type': 'application/json' } }),
  ],
  [
    'wrong JSON',
    '/json',
    () => ({ method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }),
  ],
  ['a form', '/form', () => ({ method: 'POST', body: form() })],
  ['an echo', '/echo', () => ({ method: 'POST', body: textStream('a', 'b') })],
  ['a stream', '/stream'],
  ['cookies', '/cookies'],
  ['a redirect', '/away'],
  ['a failure', '/boom'],
]

describe.each<[name: string, make: () => { fetch: unknown }]>([
  ['Hono', honoApp],
  ['itty-router', ittyApp],
  ['h3', h3App],
])('%s', (_name, make) => {
  const own = make() as { fetch: FetchApp }
  const through = toFetch(fromFetch(own))

  test.each(asked)('answers %s as by itself', async (_what, path, init) => {
    const isHead = init?.().method === 'HEAD'
    const seen = async (response: Response) => ({
      status: response.status,
      headers: [...response.headers].filter(([name]) => name !== 'content-length'),
      cookies: response.headers.getSetCookie(),
      text: isHead ? '' : await response.text(),
    })
    const alone = await seen(
      await (own.fetch as (request: Request, env: object) => Promise<Response>)(
        requestOf(path, init?.()),
        {},
      ),
    )
    expect(await seen(await through(requestOf(path, init?.())))).toEqual(alone)
  })

  test('streams', async () => {
    const pieces = piecesIn(await through(requestOf('/stream')))
    const all = [await pieces.next(), await pieces.next(), await pieces.next(), await pieces.next()]
    expect(all).toEqual(['one', 'two', 'three', undefined])
  })
})

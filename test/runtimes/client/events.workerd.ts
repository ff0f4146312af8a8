// Events in workerd: what one has made no other may touch, and so each has connections and timers of its own, whoever has
// made the client.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { record } from '../../support/recording-server.js'
import { answering, ok, scriptedServer } from '../../support/scripted-server.js'
import { deferred, until } from '../../support/waiting.js'
import { startWorkerd, type Workerd } from './workerd.js'

let workerd: Workerd

beforeAll(async () => {
  workerd = await startWorkerd()
})

afterAll(() => workerd.stop())

const SHARED = { $client: 'shared' }

describe.each([
  ['the default client', {}],
  ['a client made while the worker was loaded', { client: SHARED }],
])('by %s', (_, by) => {
  it('one event after another is served, each over a connection of its own, kept while it runs', async () => {
    const server = await scriptedServer(
      {},
      answering(({ connection }) => ok(String(connection))),
    )
    const options = { url: server.url(), as: 'text', ...by }
    const bodies = []
    for (let event = 0; event < 30; event++) bodies.push(...(await workerd.ask('inTurn', [options, options])))
    expect(bodies.map(({ body }) => body)).toEqual(
      Array.from({ length: 60 }, (_, index) => String(Math.floor(index / 2))),
    )
  })

  it('events that run at once have their own answers, however they are mixed', async () => {
    const server = await scriptedServer(
      {},
      answering(async ({ target }) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10))
        return ok(target)
      }),
    )
    const events = Array.from({ length: 40 }, (_, event) =>
      workerd.ask(
        'inTurn',
        Array.from({ length: 8 }, (_, index) => ({
          url: server.url(`/${event}/${index}`),
          as: 'text',
          ...by,
        })),
      ),
    )
    for (const [event, answers] of (await Promise.all(events)).entries())
      expect(answers.map(({ body }: { body: string }) => body)).toEqual(
        Array.from({ length: 8 }, (_, index) => `/${event}/${index}`),
      )
  })

  it('an event keeps its connection while as many others run as are remembered', async () => {
    const go = deferred()
    const isBetween = deferred()
    const server = await scriptedServer(
      {},
      answering(async ({ target, connection }) => {
        if (target === '/hold') isBetween.resolve()
        if (target === '/hold') await go.promise
        return ok(String(connection))
      }),
    )
    const of = (path: string): object => ({ url: server.url(path), as: 'text', ...by })
    const event = workerd.ask('inTurn', [of('/first'), of('/hold'), of('/last')])
    await isBetween.promise
    for (let other = 0; other < 10; other++) await workerd.ask('request', of('/other'))
    go.resolve()
    expect((await event).map(({ body }: { body: string }) => body)).toEqual(['0', '0', '0'])
  })

  it('an event of which more is remembered than may be begins anew, and goes on', async () => {
    const go = deferred()
    const isBetween = deferred()
    const server = await scriptedServer(
      {},
      answering(async ({ target }) => {
        if (target === '/hold') isBetween.resolve()
        if (target === '/hold') await go.promise
        return ok(target)
      }),
    )
    const of = (path: string): object => ({ url: server.url(path), as: 'text', ...by })
    const event = workerd.ask('inTurn', [of('/hold'), of('/last')])
    await isBetween.promise
    for (let other = 0; other < 40; other++) await workerd.ask('request', of('/other'))
    go.resolve()
    expect((await event).map(({ body }: { body: string }) => body)).toEqual(['/hold', '/last'])
  })

  it('an event that ends with a request in flight leaves the next ones unharmed', async () => {
    const server = await scriptedServer(
      {},
      answering(({ target }) => (target === '/never' ? undefined : ok('x'))),
    )
    expect(await workerd.ask('leave', { url: server.url('/never') })).toBe('gone')
    await until(() => server.accepted === 0 || server.open === 0)
    for (let event = 0; event < 5; event++)
      expect(await workerd.ask('request', { url: server.url(), as: 'text', ...by })).toMatchObject({
        body: 'x',
      })
  })

  it('timeouts are told in an event while others come and go', async () => {
    const server = await scriptedServer(
      {},
      answering(({ target }) => (target === '/never' ? undefined : ok('x'))),
    )
    const never = { url: server.url('/never'), idleTimeout: 100, ...by }
    const late = [0, 1, 2].map(() => workerd.ask('request', never))
    for (let event = 0; event < 20; event++) await workerd.ask('request', { url: server.url(), ...by })
    for (const one of late) expect(await one).toMatchObject({ error: { code: 'ERR_TIMEOUT_IDLE' } })
  })
})

it('no event is what runs while a worker is loaded: a request then is ERR_INVALID_ARGUMENT, and says where to make it', async () => {
  expect(await workerd.ask('tooEarly')).toMatchObject({
    error: {
      code: 'ERR_INVALID_ARGUMENT',
      message: 'nothing can be requested while a worker is loaded: do it inside a handler',
    },
  })
})

it('the default client may be another one', async () => {
  const server = await record(() => 'found')
  const options = { addressFinder: { $finder: { host: '127.0.0.1', port: server.port } } }
  expect(await workerd.ask('setDefault', { options, url: 'http://nowhere.test/' })).toMatchObject({
    requests: 1,
  })
  expect(server.last.header('host')).toBe('nowhere.test')
})

it('a Durable Object is one event, and its requests share connections', async () => {
  const server = await scriptedServer(
    {},
    answering(({ connection }) => ok(String(connection))),
  )
  const options = { url: server.url(), as: 'text' }
  for (let event = 0; event < 5; event++)
    expect(await workerd.askInRoom('request', options)).toMatchObject({ body: '0' })
})

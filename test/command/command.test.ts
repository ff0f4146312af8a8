// The command, as users run it: what it serves, prints and answers to signals, and what it says of mistakes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { accepts, command, folderOf, serving, started, version } from '../support/command-program.js'
import { ask, connectPeer, eventually } from '../support/raw-peer.js'

const get = async (port: number, target = '/') =>
  (await ask(port, `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`)).text
const HELLO = 'export default (req) => ({ body: "hello " + req.uri })\n'

describe('a module', () => {
  it.each([
    ['a Ring handler', 'app.js', 'export default async (req) => ({ body: "ring " + req.uri })', 'ring /a'],
    [
      'a fetch handler',
      'app.mjs',
      'export default { fetch: (request) => new Response("fetch " + new URL(request.url).pathname) }',
      'fetch /a',
    ],
    ['CommonJS', 'app.cjs', 'module.exports = (req) => ({ body: "common " + req.uri })', 'common /a'],
    [
      'CommonJS that was an ES module',
      'app.cjs',
      'exports.__esModule = true; exports.default = (req) => ({ body: req.uri })',
      '/a',
    ],
    [
      'an object of a class with fetch',
      'app.mjs',
      'class App { name = "app"; fetch() { return new Response(this.name) } }; export default new App()',
      'app',
    ],
  ])('%s is served', async (_, name, text, answer) => {
    const { port } = await serving(folderOf({ [name]: text, 'package.json': '{"type":"module"}' }), name)
    expect(await get(port, '/a')).toBe(answer)
  })

  it('a fetch function is served where --fetch says so', async () => {
    const folder = folderOf({ 'app.mjs': 'export default (request) => new Response(request.method)' })
    expect(await get((await serving(folder, 'app.mjs', '--fetch')).port)).toBe('GET')
    const other = await serving(
      folderOf({ 'app.mjs': 'export default async () => new Response()' }),
      'app.mjs',
    )
    expect(await get(other.port)).toBe('')
    await other.prints(/a Ring handler returned a Response: .* --fetch/, 'stderr')
  })

  it('exports options of the server, which arguments override', async () => {
    const text = 'export const options = { serverHeader: "mine", port: 1, ip: undefined }\n'
    const { port } = await serving(folderOf({ 'app.mjs': HELLO + text }), 'app.mjs')
    expect((await ask(port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).header('server')).toBe('mine')
    expect(await accepts(port, '127.0.0.2')).toBe(false)
  })
})

it('a folder is served, by default the one we are in, to this machine alone', async () => {
  const folder = folderOf({ 'index.html': 'here', '.env': 'secret' })
  mkdirSync(join(folder, 'sub'))
  writeFileSync(join(folder, 'sub', 'a.txt'), 'a')
  const here = await serving(folder, '--no-list')
  expect([await get(here.port), await get(here.port, '/sub/')]).toEqual(['here', '404 Not Found\n'])
  expect([await accepts(here.port), await accepts(here.port, '127.0.0.2')]).toEqual([true, false])
  const sub = await serving(folder, 'sub', '--watch')
  expect(await get(sub.port)).toContain('<a href="a.txt">')
  expect(sub.stderr).toBe(
    'httpkit-wasm: --watch is for modules; the files of a folder are read anew each time\n',
  )
})

describe('--log', () => {
  const app = `
    import { asChannel } from ${JSON.stringify(new URL('../../build/server.js', import.meta.url).href)}
    export default (req) => {
      if (req.uri === '/throws') throw new Error('on purpose')
      if (req.uri === '/nothing') return undefined
      if (req.uri === '/later') return asChannel(req, { onOpen: (channel) => setTimeout(() => channel.send({ status: 202 }), 10) })
      if (req.uri === '/websocket') return asChannel(req, {})
      if (req.uri === '/body') return req.body.text().then((body) => ({ body }))
      if (req.uri === '/endless') return { body: new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(65536)) }) }
      return { status: 201 }
    }
    export const options = { maxBody: 10, errorLogger() {} }`

  it('prints a line for each request: when, whose, what, the answer, how long', async () => {
    const program = await serving(folderOf({ 'app.mjs': app }), 'app.mjs', '--log')
    const logged = async (request: string, line: RegExp) => {
      const before = program.stdout.length
      const peer = await connectPeer(program.port)
      peer.send(request)
      if (request.includes('/endless')) {
        await peer.take(100)
        peer.destroy()
      }
      if (request.includes('Expect')) {
        expect((await peer.response()).status).toBe(100)
        peer.send('b\r\nhello world\r\n')
      }
      await eventually(() => program.stdout.slice(before)).toMatch(/\n$/)
      expect(program.stdout.slice(before)).toMatch(line)
    }
    const line = (rest: string) =>
      new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ${rest}\n$`)
    const of = (target: string) => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`
    await logged(of('/a?b=%20c'), line('127\\.0\\.0\\.1 GET /a\\?b=%20c 201 \\d+ ms'))
    await logged(of('/a?'), line('127\\.0\\.0\\.1 GET /a\\? 201 \\d+ ms'))
    await logged(of('/throws'), line('127\\.0\\.0\\.1 GET /throws 500 \\d+ ms'))
    await logged(of('/nothing'), line('127\\.0\\.0\\.1 GET /nothing 404 \\d+ ms'))
    await logged(of('/later'), line('127\\.0\\.0\\.1 GET /later 202 \\d+ ms'))
    await logged(of('/endless'), line('127\\.0\\.0\\.1 GET /endless 200 \\d+ ms cut'))
    await logged(
      'GET /websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
      line('127\\.0\\.0\\.1 GET /websocket 101 \\d+ ms'),
    )
    // Refused before a handler sees it, and while one reads its body.
    await logged('GET / HTTP/1.1\r\n\r\n', line('- refused 400'))
    await logged(`GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`, line('- refused 414'))
    await logged(
      'POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n',
      line('127\\.0\\.0\\.1 POST /body 413 \\d+ ms'),
    )
  })
})

describe('--watch', () => {
  it('starts a module again, on the same port, when it or what it imports changes, also after one that could not start', {
    timeout: 60_000,
  }, async () => {
    const folder = folderOf({
      'app.mjs': "import { word } from './word.mjs'\nexport default () => ({ body: word })\n",
      'word.mjs': "export const word = 'one'\n",
    })
    const program = await serving(folder, 'app.mjs', '--watch')
    const { port } = program
    const now = () => get(port).catch(() => '')
    const change = (name: string, text: string) => writeFileSync(join(folder, name), text)
    expect(await now()).toBe('one')
    change('word.mjs', "export const word = 'two'\n")
    await expect.poll(now, { timeout: 20_000 }).toBe('two')
    change('app.mjs', 'export default (\n')
    await program.prints(/app\.mjs cannot be loaded:[\s\S]*SyntaxError/, 'stderr')
    await program.prints(/Failed running/)
    change('app.mjs', HELLO)
    await expect.poll(now, { timeout: 20_000 }).toBe('hello /')
    program.signal('SIGTERM')
    expect(await program.exit).toBe(0)
    await expect(get(port)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('signals', () => {
  const slow = `export default (req) => new Promise((resolve) => {
    console.log('asked')
    process.once('SIGUSR2', () => resolve({ body: 'done' }))
    setInterval(() => {}, 1000)
  })\n`

  it.each([
    ['SIGINT', 'SIGTERM'],
    ['SIGTERM', 'SIGINT'],
  ] as const)('%s lets requests in flight end, also where another comes at once', async (signal, other) => {
    const program = await serving(folderOf({ 'app.mjs': slow }), 'app.mjs')
    const answer = get(program.port)
    await program.prints(/asked/)
    program.signal(signal)
    program.signal(other)
    await eventually(() => accepts(program.port)).toBe(false)
    program.signal('SIGUSR2')
    expect([await answer, await program.exit]).toEqual(['done', 0])
  })

  it('the second one ends it at once', async () => {
    const program = await serving(folderOf({ 'app.mjs': slow }), 'app.mjs')
    const answer = get(program.port).catch(() => 'cut')
    await program.prints(/asked/)
    program.signal('SIGINT')
    // Until it is taken for a second one, and not for the first, passed on by npm.
    const again = setInterval(() => program.signal('SIGINT'), 100)
    expect(await program.exit.finally(() => clearInterval(again))).toBe(1)
    expect(await answer).toBe('cut')
  })
})

describe('what is wrong is said', () => {
  it.each([
    [[], /^httpkit-wasm: serve what\? .*\n$/],
    [['sing'], /^httpkit-wasm: there is no command sing .*\n$/],
    [['serve', 'a.js', 'b.js'], /^httpkit-wasm: one file or folder, not also b\.js .*\n$/],
    [['serve', '--bad'], /^httpkit-wasm: Unknown option '--bad'.*\n$/],
    [['serve', '--port'], /^httpkit-wasm: .*--port.*\n$/],
    [['serve', '--port', '-1'], /^httpkit-wasm: .*port.*\n$/],
    [['serve', '--port', '65536'], /^httpkit-wasm: a port is a number from 0 to 65535, not 65536 .*\n$/],
    [['serve', '--port', '80a'], /^httpkit-wasm: a port is a number.*\n$/],
    [['serve', '--log=yes'], /^httpkit-wasm: .*--log.*\n$/],
  ])('%j is no command: 2', async (args, message) => {
    const { code, stdout, stderr } = await command(...args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(message)
  })

  it.each([
    ['there is no such file', {}, /^httpkit-wasm: there is no app\.mjs\n$/],
    [
      'nothing is exported',
      { 'app.mjs': 'export const a = 1' },
      /^httpkit-wasm: app\.mjs has no default export that is a function, or has a fetch method\n$/,
    ],
    [
      'it is no handler',
      { 'app.mjs': 'export default { a: 1 }' },
      /^httpkit-wasm: app\.mjs has no default export.*\n$/,
    ],
    [
      'the module is none',
      { 'app.mjs': 'export default (' },
      /^httpkit-wasm: app\.mjs cannot be loaded:\nfile:.*app\.mjs:1\n[\s\S]*SyntaxError/,
    ],
    [
      'the module throws',
      { 'app.mjs': 'throw new Error("on purpose")' },
      /^httpkit-wasm: app\.mjs cannot be loaded:\nfile:.*app\.mjs:1\n[\s\S]*on purpose/,
    ],
    [
      'options are wrong',
      { 'app.mjs': `${HELLO}export const options = { maxLine: 1 }` },
      /^httpkit-wasm: maxLine .*\n$/,
    ],
  ])('%s: 1', async (_, files, message) => {
    const program = started(folderOf(files), 'serve', 'app.mjs', '--port', '0')
    expect([await program.exit, program.stdout]).toEqual([1, ''])
    expect(program.stderr).toMatch(message)
  })

  it('a port that is taken', async () => {
    const listener = createServer()
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const program = started(folderOf({}), 'serve', '-p', String(port))
    const code = await program.exit
    listener.close()
    expect([code, program.stderr]).toEqual([
      1,
      `httpkit-wasm: port ${port} is taken: --port takes another one\n`,
    ])
  })

  it('an address that is not ours', async () => {
    const { code, stderr } = await command('serve', '--host', '192.0.2.1', '--port', '0')
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^httpkit-wasm: .*EADDRNOTAVAIL.*192\.0\.2\.1.*\n$/),
    ])
  })
})

it('it tells its version, and what it can do', async () => {
  expect(await command('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  const { code, stdout } = await command('serve', '--help')
  expect([code, stdout]).toEqual([0, (await command('-h')).stdout])
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)
  expect(stdout).toMatch(/--port PORT[\s\S]*--host HOST[\s\S]*--watch[\s\S]*--log[\s\S]*--dotfiles/)
})

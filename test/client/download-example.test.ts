// The downloader of the examples, run as its README says: a program of its own, in a folder of its own.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Handler, RingRequest, RingResponse } from '../../src/server.js'
import { ensureBuilt, root } from '../support/built.js'
import { launch, type Output, type Program, start, temporaryFolder } from '../support/programs.js'
import { serve, type TestServer } from '../support/raw-peer.js'
import { type Deferred, deferred, until } from '../support/waiting.js'
import { bytesOf } from '../support/websocket-peers.js'

beforeAll(ensureBuilt, 120_000)

const program = `${root}examples/clients/download.js`
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Starts it in a folder; what the environment says of proxies is not for it. */
function download(folder: string, ...args: string[]): Program {
  return start(process.execPath, [program, ...args], { cwd: folder, env: { PATH: process.env.PATH } })
}

async function outputOf(program: Program): Promise<Output> {
  const code = await program.exit
  return { code, stdout: program.stdout, stderr: program.stderr }
}

/** One file, served with ETag and ranges. */
class Shelf {
  bytes: Buffer = bytesOf(1_000_000)
  etag = '"one"'
  readonly requests: RingRequest[] = []
  /** Bytes after which an answer stops, and what it then waits for. */
  stop: { after: number; gate: Deferred<void> } | undefined
  server!: TestServer

  async open(): Promise<this> {
    this.server = await serve((req) => {
      this.requests.push(req)
      return this.answer(req)
    })
    return this
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}/files/shelf.bin`
  }

  answer({ headers }: RingRequest): RingResponse {
    const range = headers['if-range'] === this.etag ? /^bytes=(\d+)-$/.exec(headers.range ?? '') : null
    const from = Number(range?.[1] ?? 0)
    const { length } = this.bytes
    const fields: Record<string, string> = { ETag: this.etag, 'Content-Length': String(length - from) }
    if (!range) return { headers: fields, body: this.pieces(0) }
    if (from >= length) return { status: 416, headers: { 'Content-Range': `bytes */${length}` } }
    fields['Content-Range'] = `bytes ${from}-${length - 1}/${length}`
    return { status: 206, headers: fields, body: this.pieces(from) }
  }

  private async *pieces(from: number): AsyncGenerator<Uint8Array> {
    const { stop } = this
    if (!stop) return yield this.bytes.subarray(from)
    yield this.bytes.subarray(from, stop.after)
    await stop.gate.promise
    yield this.bytes.subarray(stop.after)
  }
}

/** Downloads until so many bytes are on the disk, and then breaks off the way `how` does. */
async function breakOff(
  shelf: Shelf,
  folder: string,
  how: (gate: Deferred<void>, program: Program) => void,
): Promise<Output> {
  const gate = deferred()
  onTestFinished(() => gate.resolve())
  shelf.stop = { after: 400_000, gate }
  const program = download(folder, shelf.url)
  const part = join(folder, 'shelf.bin.part')
  await until(() => existsSync(part) && statSync(part).size === 400_000, 15_000)
  how(gate, program)
  const output = await outputOf(program)
  shelf.stop = undefined
  return output
}

const cut = (gate: Deferred<void>): void => gate.reject(new Error('the server has had enough'))

it('writes the bytes of a URL to the file that it names, and prints their SHA-256 as sha256sum does', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await outputOf(download(folder, shelf.url))
  expect([code, stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
  expect(stderr).toMatch(/^976\.6 KiB in [\d.]+ s\n$/)
  expect(readdirSync(folder)).toEqual(['shelf.bin'])
  expect(readFileSync(join(folder, 'shelf.bin')).equals(shelf.bytes)).toBe(true)
})

it('takes bodies of any size and framing', async () => {
  const bodies: Record<string, RingResponse> = {
    '/empty': { body: '' },
    '/one': { body: 'x' },
    '/chunked': { body: [bytesOf(300_000), 'and more'] },
    '/large': { body: bytesOf(20_000_000) },
  }
  const server = await serve((req) => bodies[req.uri]!)
  const folder = temporaryFolder()
  for (const [path, { body }] of Object.entries(bodies)) {
    const { code, stdout } = await outputOf(download(folder, `http://127.0.0.1:${server.port}${path}`))
    const parts = Array.isArray(body) ? body : [body]
    const bytes = Buffer.concat(parts.map((one) => Buffer.from(one as string)))
    expect([code, stdout]).toEqual([0, `${sha256(bytes)}  ${path.slice(1)}\n`])
    expect(readFileSync(join(folder, path)).equals(bytes), path).toBe(true)
  }
  expect(readdirSync(folder).sort()).toEqual(['chunked', 'empty', 'large', 'one'])
})

it('asks for the bytes as they are: of no coding, and without a range', async () => {
  const shelf = await new Shelf().open()
  expect(await download(temporaryFolder(), shelf.url).exit).toBe(0)
  const { headers } = shelf.requests[0]!
  expect(headers['accept-encoding']).toBe('identity')
  expect([headers.range, headers['if-range']]).toEqual([undefined, undefined])
})

it('writes a coded body as it came, for its length and ETag are those of the coded bytes', async () => {
  const coded = Buffer.from('1f8b0800000000000003cb48cdc9c9070086a6103605000000', 'hex')
  const server = await serve(() => ({ headers: { 'Content-Encoding': 'gzip' }, body: coded }))
  const folder = temporaryFolder()
  expect(await download(folder, `http://127.0.0.1:${server.port}/hello.gz`).exit).toBe(0)
  expect(readFileSync(join(folder, 'hello.gz')).equals(coded)).toBe(true)
})

it('follows redirects, and says where they lead; the name is that of the first URL', async () => {
  const shelf = await new Shelf().open()
  const server = await serve(({ uri }) => ({
    status: 302,
    headers: { Location: uri === '/latest' ? '/next' : shelf.url },
  }))
  const origin = `http://127.0.0.1:${server.port}`
  const folder = temporaryFolder()
  const { code, stderr } = await outputOf(download(folder, `${origin}/latest`))
  expect(code).toBe(0)
  expect(stderr).toContain(`${origin}/latest\n→ ${origin}/next\n→ ${shelf.url}\n`)
  expect(readdirSync(folder)).toEqual(['latest'])
})

it('writes to --output where it is given', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  expect(await download(folder, '-o', 'other name.bin', shelf.url).exit).toBe(0)
  expect(readdirSync(folder)).toEqual(['other name.bin'])
})

it.each([
  ['/a/..%2F..%2Fevil.bin', 'evil.bin'],
  ['/a/..%5C..%5Cevil.bin', 'evil.bin'],
  ['/caf%C3%A9.bin?x=/y', 'café.bin'],
  ['/100%25%', '100%25%'],
  ['/a%1Bb%0Ac', 'a_b_c'],
])('a URL names a file and never a folder: %s', async (path, name) => {
  const server = await serve(() => ({ body: 'x' }))
  const folder = temporaryFolder()
  expect(await download(folder, `http://127.0.0.1:${server.port}${path}`).exit).toBe(0)
  expect(readdirSync(folder)).toEqual([name])
})

it('does not overwrite a file: nothing is asked for', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'shelf.bin'), 'mine')
  const { code, stdout, stderr } = await outputOf(download(folder, shelf.url))
  expect([code, stdout, stderr]).toEqual([1, '', 'shelf.bin is there already\n'])
  expect([shelf.requests.length, readdirSync(folder)]).toEqual([0, ['shelf.bin']])
  expect(readFileSync(join(folder, 'shelf.bin'), 'utf8')).toBe('mine')
})

it('does not overwrite a file that came to be meanwhile; what was loaded is kept', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  const { code, stderr } = await breakOff(shelf, folder, (gate) => {
    writeFileSync(join(folder, 'shelf.bin'), 'mine')
    gate.resolve()
  })
  expect(code).toBe(1)
  expect(stderr).toContain('shelf.bin is there already\nWhat came is in shelf.bin.part')
  expect(readFileSync(join(folder, 'shelf.bin'), 'utf8')).toBe('mine')
  expect(readFileSync(join(folder, 'shelf.bin.part')).equals(shelf.bytes)).toBe(true)
})

it('does not write over a part that is of something else', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'shelf.bin.part'), 'another program’s')
  const { code, stderr } = await outputOf(download(folder, shelf.url))
  expect([code, stderr]).toEqual([1, 'shelf.bin.part is there already, and of something else\n'])
  expect(readFileSync(join(folder, 'shelf.bin.part'), 'utf8')).toBe('another program’s')
})

it.each([404, 500, 304, 206, 416])('%i: says so, fails, and leaves nothing', async (status) => {
  const server = await serve(() => ({ status, body: status === 304 ? null : 'no such thing' }))
  const folder = temporaryFolder()
  const url = `http://127.0.0.1:${server.port}/gone`
  const { code, stdout, stderr } = await outputOf(download(folder, url))
  expect([code, stdout, stderr]).toEqual([1, '', `${url} answers ${status}\n`])
  expect(readdirSync(folder)).toEqual([])
})

it('says what went wrong where nobody listens, fails, and leaves nothing', async () => {
  const server = await serve(() => ({}))
  await server.stop()
  const folder = temporaryFolder()
  const { code, stderr } = await outputOf(download(folder, `http://127.0.0.1:${server.port}/x`))
  expect(code).toBe(1)
  expect(stderr).toMatch(/ECONNREFUSED|refused/)
  expect(readdirSync(folder)).toEqual([])
})

it('keeps what came when the connection breaks off, and goes on from there when it is run again', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  const first = await breakOff(shelf, folder, cut)
  expect(first.code).toBe(1)
  expect(first.stderr).toContain('What came is in shelf.bin.part: the same line goes on from there\n')
  expect(readdirSync(folder).sort()).toEqual(['shelf.bin.part', 'shelf.bin.part.json'])

  const second = await outputOf(download(folder, shelf.url))
  expect([second.code, second.stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
  expect(second.stderr).toMatch(/^976\.6 KiB in [\d.]+ s, 390\.6 KiB of them before\n$/)
  expect(shelf.requests[1]!.headers).toMatchObject({ range: 'bytes=400000-', 'if-range': '"one"' })
  expect(readdirSync(folder)).toEqual(['shelf.bin'])
  expect(readFileSync(join(folder, 'shelf.bin')).equals(shelf.bytes)).toBe(true)
})

it('starts anew where the file has become another one', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, cut)
  shelf.bytes = bytesOf(500_000)
  shelf.etag = '"two"'
  const { code, stdout } = await outputOf(download(folder, shelf.url))
  expect([code, stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
  expect(readFileSync(join(folder, 'shelf.bin')).equals(shelf.bytes)).toBe(true)
})

it.each([
  ['another version', { 'Content-Range': 'bytes 400000-999999/1000000', ETag: '"two"' }],
  ['another place', { 'Content-Range': 'bytes 0-999999/1000000', ETag: '"one"' }],
  ['less than the rest', { 'Content-Range': 'bytes 400000-999998/1000000', ETag: '"one"' }],
  ['nobody knows where', { ETag: '"one"' }],
])('starts anew where what was answered with 206 is of %s', async (_, headers) => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, cut)
  const answer = shelf.answer.bind(shelf)
  shelf.answer = (req) =>
    req.headers.range === undefined
      ? answer(req)
      : { status: 206, headers, body: shelf.bytes.subarray(0, 600_000) }
  const { code, stdout } = await outputOf(download(folder, shelf.url))
  expect([code, stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
  expect(shelf.requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=400000-', undefined])
})

it('starts anew where the range is answered with 416', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, cut)
  shelf.bytes = shelf.bytes.subarray(0, 300_000)
  const { code, stdout } = await outputOf(download(folder, shelf.url))
  expect([code, stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
})

it.each(['W/"one"', ''])('starts anew where no strong ETag says what came: %j', async (etag) => {
  const shelf = await new Shelf().open()
  shelf.etag = etag
  const folder = temporaryFolder()
  const first = await breakOff(shelf, folder, cut)
  expect(first.code).toBe(1)
  expect(first.stderr).not.toContain('goes on from there')
  expect(readdirSync(folder)).toEqual([])
  expect(await download(folder, shelf.url).exit).toBe(0)
  expect(shelf.requests[1]!.headers.range).toBeUndefined()
})

it('keeps a part when the next try fails, too', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, cut)
  const answer = shelf.answer.bind(shelf)
  shelf.answer = () => ({ status: 503 })
  const failed = await outputOf(download(folder, shelf.url))
  expect([failed.code, failed.stderr]).toEqual([
    1,
    `${shelf.url} answers 503\nWhat came is in shelf.bin.part: the same line goes on from there\n`,
  ])
  shelf.answer = answer
  expect(await download(folder, shelf.url).exit).toBe(0)
  expect(readFileSync(join(folder, 'shelf.bin')).equals(shelf.bytes)).toBe(true)
})

it('fails where fewer bytes came than were announced, also where the framing is whole', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, cut)
  shelf.answer = () => ({
    status: 206,
    headers: { 'Content-Range': 'bytes 400000-999999/1000000', ETag: '"one"' },
    body: ['too', 'short'], // chunked
  })
  const { code, stderr } = await outputOf(download(folder, shelf.url))
  expect(code).toBe(1)
  expect(stderr).toContain('400008 bytes came of 1000000\n')
  expect(existsSync(join(folder, 'shelf.bin'))).toBe(false)
})

it('leaves at Ctrl-C: what came is kept, and the next run goes on', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await breakOff(shelf, folder, (_, program) => program.signal('SIGINT'))
  expect([code, stdout]).toEqual([130, ''])
  expect(stderr).toContain('Interrupted\nWhat came is in shelf.bin.part: the same line goes on from there\n')
  expect(await download(folder, shelf.url).exit).toBe(0)
  expect(readFileSync(join(folder, 'shelf.bin')).equals(shelf.bytes)).toBe(true)
})

it('goes on from what is on the disk after it was killed', async () => {
  const shelf = await new Shelf().open()
  const folder = temporaryFolder()
  await breakOff(shelf, folder, (_, { child }) => child.kill('SIGKILL'))
  const { code, stdout } = await outputOf(download(folder, shelf.url))
  expect([code, stdout]).toEqual([0, `${sha256(shelf.bytes)}  shelf.bin\n`])
  expect(shelf.requests[1]!.headers.range).toBe('bytes=400000-')
})

it('leaves at Ctrl-C while nothing has been answered yet', async () => {
  const asked = deferred()
  const server = await serve(() => {
    asked.resolve()
    return new Promise(() => {})
  })
  const folder = temporaryFolder()
  const program = download(folder, `http://127.0.0.1:${server.port}/never`)
  await asked.promise
  program.signal('SIGINT')
  expect(await outputOf(program)).toEqual({ code: 130, stdout: '', stderr: 'Interrupted\n' })
  expect(readdirSync(folder)).toEqual([])
})

it('gives up when --deadline has passed, also while bytes are coming', async () => {
  const handler: Handler = () => ({
    body: (async function* () {
      for (let count = 0; count < 1000; count++) {
        yield 'tick '
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    })(),
  })
  const server = await serve(handler)
  const folder = temporaryFolder()
  const program = download(folder, '--deadline', '1', `http://127.0.0.1:${server.port}/slow`)
  const { code, stderr } = await outputOf(program)
  expect(code).toBe(1)
  expect(stderr).toMatch(/deadline/i)
  expect(readdirSync(folder)).toEqual([])
})

it.each([
  [[]],
  [['no url']],
  [['http://127.0.0.1/a', 'http://127.0.0.1/b']],
  [['http://127.0.0.1/']],
  [['http://127.0.0.1/..']],
  [['--deadline', 'soon', 'http://127.0.0.1/a']],
  [['--deadline', '0', 'http://127.0.0.1/a']],
  [['--what', 'http://127.0.0.1/a']],
])('prints its usage, and ends with 2, for %j', async (args) => {
  const folder = temporaryFolder()
  const { code, stdout, stderr } = await outputOf(download(folder, ...args))
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('\n\nUsage: node examples/clients/download.js')
  expect(readdirSync(folder)).toEqual([])
})

// What runs a program on a terminal of its own; others of its name take other options.
const canPretend = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux')

it.skipIf(!canPretend)(
  `draws a bar on a terminal, and none elsewhere${canPretend ? '' : ' (skipped: no script of util-linux here)'}`,
  async () => {
    const shelf = await new Shelf().open()
    const folder = temporaryFolder()
    const line = `'${process.execPath}' '${program}' ${shelf.url}`
    const options = { cwd: folder, env: { PATH: process.env.PATH, TERM: 'xterm' } }
    const { code, stdout } = await outputOf(start('script', ['-qec', line, '/dev/null'], options))
    expect(code).toBe(0)
    expect(stdout).toMatch(/[█░]{40} \d+ % {2}[\d.]+ (bytes|KiB) of 976\.6 KiB/)
    expect(stdout).toContain(`${sha256(shelf.bytes)}  shelf.bin`)
    const { stderr } = await outputOf(download(temporaryFolder(), shelf.url))
    expect(stderr).toMatch(/^976\.6 KiB in [\d.]+ s\n$/)
  },
)

it('goes through the proxy that the environment names', async () => {
  const asked = deferred<string>()
  const proxy = createServer((socket) => {
    socket.once('data', (bytes) => {
      asked.resolve(bytes.toString('latin1').split('\r\n')[0]!)
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
    })
  })
  proxy.listen(0, '127.0.0.1')
  onTestFinished(() => void proxy.close())
  await once(proxy, 'listening')
  const { port } = proxy.address() as { port: number }
  const folder = temporaryFolder()
  const env = { PATH: process.env.PATH, http_proxy: `http://127.0.0.1:${port}` }
  const loading = start(process.execPath, [program, 'http://somewhere.invalid/file'], { cwd: folder, env })
  expect(await loading.exit, loading.stderr).toBe(0)
  expect(await asked.promise).toBe('GET http://somewhere.invalid/file HTTP/1.1')
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('ok')
})

it('README: loads the sample of the server that `npm start` runs', async () => {
  const server = launch(process.execPath, ['examples/serve.js'], {
    cwd: root,
    env: { ...process.env, PORT: '0' },
  })
  onTestFinished(async () => {
    server.child.kill('SIGTERM')
    await server.exit
  })
  const [, origin] = await server.prints(/at (http:\/\/localhost:\d+)/)
  const readme = readFileSync(`${root}examples/README.md`, 'utf8')
  const line = /^node (examples\/clients\/download\.js .*)$/m.exec(readme)![1]!
  const folder = temporaryFolder()
  const command = `'${process.execPath}' ${root}${line.replaceAll('http://localhost:8090', origin!)}`
  const loading = start('sh', ['-c', command], { cwd: folder, env: { PATH: process.env.PATH } })
  expect(await loading.exit, loading.stderr).toBe(0)
  const sample = readFileSync(join(folder, 'sample.txt'))
  expect(sample.length).toBe(67_108_864)
  expect(loading.stdout).toBe(`${sha256(sample)}  sample.txt\n`)
}, 60_000)

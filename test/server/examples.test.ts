// The examples that `npm start` serves, each as its curl lines say: the real program, on a port of its own.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ensureBuilt, root } from '../support/built.js'
import { lacks, launchExamples, startExamples, unless } from '../support/examples.js'
import { hasProgram, type Output, type Program, run, start, temporaryFolder } from '../support/programs.js'
import { until } from '../support/waiting.js'

const hasCurl = hasProgram('curl')
const readme = readFileSync(`${root}examples/README.md`, 'utf8')
const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

let server: Program
let origin = ''

async function serveExamples(
  env: Record<string, string> = {},
): Promise<{ program: Program; origin: string }> {
  const program = launchExamples(env)
  const [, address] = await program.prints(/at (http:\/\/localhost:\d+)/)
  return { program, origin: address! }
}

beforeAll(async () => {
  ensureBuilt()
  ;({ program: server, origin } = await serveExamples())
}, 120_000)

// Its sample goes with it only if it may end by itself.
afterAll(async () => {
  server?.child.kill('SIGTERM')
  await server?.exit
})

const curl = (...args: string[]): Promise<Output> => run('curl', ['-sS', '--max-time', '15', ...args])

/** Starts a shell line of the README, sent to this server. One command is the shell itself, so it can be killed. */
function shell(line: string): Program {
  const command = line.replaceAll('http://localhost:8090', origin)
  return start('sh', ['-c', command.includes('|') ? command : `exec ${command}`], { cwd: root })
}

/** The curl lines of the README that go to this path. */
const linesTo = (path: string): string[] =>
  readme.split('\n').filter((line) => line.includes('curl') && line.includes(`http://localhost:8090${path}`))

async function output(line: string): Promise<string> {
  const program = shell(line)
  expect(await program.exit, `${line}: ${program.stderr}`).toBe(0)
  return program.stdout
}

/** Status and body of what curl -i printed. */
function parted(text: string): { status: number; head: string; body: string } {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, end)
  return {
    status: Number(/^HTTP\/1.1 (\d+)/.exec(head)![1]),
    head: head.toLowerCase(),
    body: text.slice(end + 4),
  }
}

describe.skipIf(!hasCurl)(`the examples${hasCurl ? '' : ' (skipped: no curl here)'}`, () => {
  it('are listed at / with the lines of their README', async () => {
    const page = (await curl(`${origin}/`)).stdout
    const shown = page
      .replaceAll(origin, 'http://localhost:8090')
      .replaceAll('&quot;', '"')
      .replaceAll('&#39;', "'")
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&')
    const lines = readme
      .split('\n')
      .filter((line) => /\bcurl .*http:\/\/localhost:8090\//.test(line))
      .filter((line) => !(lacks.download && line.includes('/download')))
      .filter((line) => !(lacks.metrics && /8090\/(metrics|live|primes)/.test(line)))
    expect(lines.length).toBeGreaterThanOrEqual(12)
    for (const line of lines) expect(shown).toContain(`<pre><code>${line}</code></pre>`)
    expect(shown.match(/<pre><code>/g)!.length).toBe(lines.length)
  })

  it('answer 404 with a hint to what is none', async () => {
    const { status, body } = parted((await curl('-i', `${origin}/nothing`)).stdout)
    expect(status).toBe(404)
    expect(body).toContain('Nothing here')
  })

  it('hello: greets, by name where there is one', async () => {
    const [plain, named] = linesTo('/hello')
    expect(await output(plain!)).toBe('Hello, world!\n')
    expect(await output(named!)).toBe('Hello, Ada!\n')
  })

  it('echo: sends JSON back indented, refuses what is none, too long or no POST', async () => {
    const [good, broken] = linesTo('/echo')
    expect(await output(good!)).toBe(`${JSON.stringify({ name: 'Ada', tags: [1, 2] }, null, 2)}\n`)
    const { status, head, body } = parted(await output(broken!))
    expect(status).toBe(400)
    expect(head).toContain('content-type: application/json')
    expect(JSON.parse(body)).toHaveProperty('error')
    const got = parted((await curl('-i', `${origin}/echo`)).stdout)
    expect(got.status).toBe(405)
    expect(got.head).toContain('allow: post')
    const long = join(temporaryFolder(), 'long.json')
    writeFileSync(long, `"${'x'.repeat(1_100_000)}"`)
    const { stdout } = await curl(
      '-H',
      'Expect:',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      '-d',
      `@${long}`,
      `${origin}/echo`,
    )
    expect(stdout).toBe('413')
  })

  it('counter: sends a line a second, each as it is made', async () => {
    const program = shell(linesTo('/counter')[0]!)
    await program.prints(/^1\n/)
    const start = performance.now()
    await program.prints(/^1\n2\n3\n/)
    expect(performance.now() - start).toBeGreaterThan(1500)
  })

  it('poll: waits for the next message, which goes to everybody who waits', async () => {
    const [wait, publish] = linesTo('/poll')
    const waiting = [shell(wait!), shell(wait!)]
    // Nothing tells that a poll has arrived but the number reached; a message to fewer is lost to them.
    await until(() => waiting.every(({ child }) => child.pid !== undefined))
    const busy = async () => Number(/Reached (\d)/.exec(await output(publish!))![1])
    let reached = 0
    while (reached < 2) reached += await busy()
    for (const program of waiting) {
      expect(await program.exit).toBe(0)
      const { status, body } = parted(program.stdout)
      expect([status, body]).toEqual([200, 'Tea is ready\n'])
    }
    expect(await output(publish!)).toBe('Reached 0\n')
  })

  it('poll: forgets a client that has left', async () => {
    const program = shell(linesTo('/poll')[0]!)
    await until(() => program.child.pid !== undefined)
    program.child.kill()
    await program.exit
    expect(await output(linesTo('/poll')[1]!)).toBe('Reached 0\n')
  })

  it('events: pushes the time once a second over one open channel', async () => {
    const program = shell(linesTo('/events')[0]!)
    await program.prints(/^(event: tick\ndata: \d{4}-\d\d-\d\dT[\d:.]+Z\n\n){3}/)
    const { stdout } = await curl('-i', '-N', '--max-time', '0.5', `${origin}/events`)
    expect(parted(stdout).head).toContain('content-type: text/event-stream')
  })

  it.skipIf(lacks.continue)(
    unless(lacks.continue, 'upload: reports size and SHA-256 of a file, asked for by 100 Continue'),
    async () => {
      const line = linesTo('/upload').find((one) => one.includes('-T package.json'))!
      const bytes = readFileSync(`${root}package.json`)
      expect(await output(line)).toBe(`${bytes.length} bytes\nsha256 ${sha256(bytes)}\n`)
      const path = join(temporaryFolder(), 'large.bin')
      const large = Buffer.alloc(3_000_000, 'large ')
      writeFileSync(path, large)
      const { code, stdout, stderr } = await curl(
        '-v',
        '-N',
        '-H',
        'Expect: 100-continue',
        '-T',
        path,
        `${origin}/upload`,
      )
      expect(code).toBe(0)
      expect(stderr).toMatch(/> Expect: 100-continue/i)
      expect(stderr).toMatch(/< HTTP\/1.1 100 Continue\r?\n[\s\S]*< HTTP\/1.1 200 OK/)
      expect(stdout).toMatch(new RegExp(`3000000 bytes\nsha256 ${sha256(large)}\n$`))
    },
  )

  it('upload: reports a stream of no stated length', async () => {
    const line = linesTo('/upload').find((one) => one.startsWith('head'))!
    expect(line).toContain('head -c 1000000000 /dev/zero')
    const hash = createHash('sha256')
    const zeros = Buffer.alloc(1_000_000)
    for (let count = 0; count < 300; count++) hash.update(zeros)
    const text = await output(line.replace('1000000000', '300000000'))
    expect(text).toMatch(
      new RegExp(`^(\\d+ bytes so far\n)*300000000 bytes\nsha256 ${hash.digest('hex')}\n$`),
    )
  })

  it('upload: reports while the body is still coming', async () => {
    const body = new TransformStream<Uint8Array, Uint8Array>()
    const writer = body.writable.getWriter()
    const options = { method: 'POST', body: body.readable, duplex: 'half' } as RequestInit
    const answering = fetch(`${origin}/upload`, options)
    await writer.write(Buffer.alloc(1000))
    const reader = (await answering).body!.pipeThrough(new TextDecoderStream()).getReader()
    await new Promise((resolve) => setTimeout(resolve, 300))
    await writer.write(Buffer.alloc(1))
    expect((await reader.read()).value).toBe('1001 bytes so far\n')
    await writer.close()
    expect((await reader.read()).value).toMatch(/^1001 bytes\nsha256 [0-9a-f]{64}\n$/)
  })

  it('upload: reports what a form brings, as JSON to curl', async () => {
    const line = linesTo('/upload').find((one) => one.includes('-F'))!
    const bytes = readFileSync(`${root}package.json`)
    const of = (filename: string, contentType: string, content: string | Uint8Array) => {
      return { filename, contentType, size: Buffer.byteLength(content), sha256: sha256(content) }
    }
    expect(JSON.parse(await output(line))).toEqual({
      note: 'hi',
      files: of('package.json', 'application/octet-stream', bytes),
    })
    const path = join(temporaryFolder(), 'empty.txt')
    writeFileSync(path, '')
    const form = [
      '-F',
      'note=a',
      '-F',
      'note=b',
      '-F',
      `files=@${path}`,
      '-F',
      `files=@${root}LICENSE;type=text/x`,
    ]
    const { head, body } = parted(
      (await curl('-i', '-H', 'Accept: application/json', ...form, `${origin}/upload`)).stdout,
    )
    expect(head).toContain('content-type: application/json')
    expect(head).toContain('x-content-type-options: nosniff')
    expect(JSON.parse(body)).toEqual({
      note: ['a', 'b'],
      files: [of('empty.txt', 'text/plain', ''), of('LICENSE', 'text/x', readFileSync(`${root}LICENSE`))],
    })
  })

  it('upload: reports it as a page to who takes pages, and what a client says is never markup', async () => {
    const folder = temporaryFolder()
    const [path, empty] = [join(folder, 'a.txt'), join(folder, 'empty')]
    writeFileSync(path, 'hello')
    writeFileSync(empty, '')
    const evil = '<b>"\'&amp;'
    const { stdout } = await curl(
      ...['-H', 'Accept: text/html,*/*;q=0.8', '--form-string', `${evil}=${evil}$&`],
      ...['-F', `files=@${path};filename="<b>'&amp;'";type=text/<b>`, '-F', `files=@${empty};filename=`],
      `${origin}/upload`,
    )
    const shown = '&lt;b&gt;&quot;&#39;&amp;amp;'
    expect(stdout).toMatch(/^<!doctype html>[\s\S]*<form [\s\S]*<\/html>\n$/)
    expect(stdout).toContain(`<dt><bdi>${shown}</bdi></dt><dd><bdi>${shown}$&amp;</bdi></dd>`)
    expect(stdout).toContain('<bdi>&lt;b&gt;&#39;&amp;amp;&#39;</bdi>')
    expect(stdout).toContain('<bdi>text/&lt;b&gt;</bdi>, 5 bytes')
    expect(stdout).toContain(sha256('hello'))
    expect(stdout).not.toContain('<b>"')
    expect(stdout).toContain('<h3>1 file</h3>')
  })

  it('upload: writes nothing of a form to the disk', async () => {
    const folder = temporaryFolder()
    const { program, origin: address } = await serveExamples({ TMPDIR: folder })
    const form = new FormData()
    form.append('files', new Blob(['x'.repeat(3_000_000)]))
    let written = 0
    const watcher = watch(folder, () => {
      written++
    })
    const answer = await fetch(`${address}/upload`, { method: 'POST', body: form })
    expect(await answer.json()).toMatchObject({ files: { size: 3_000_000 } })
    watcher.close()
    program.child.kill()
    await program.exit
    expect([written, readdirSync(folder)]).toEqual([0, []])
  })

  it('upload: refuses a form that is malformed', async () => {
    const body = ['-d', '--b\r\nnonsense', '-H', 'Content-Type: multipart/form-data; boundary=b']
    const { status, head } = parted((await curl('-i', ...body, `${origin}/upload`)).stdout)
    expect(status).toBe(400)
    expect(head).toContain('content-type: text/plain')
  })

  it.each([
    ['/upload', 'text/html', '<!doctype html>'],
    ['/page.css', 'text/css', ':root'],
    ['/upload/page.css', 'text/css', 'progress'],
    ['/upload/page.js', 'text/javascript', 'XMLHttpRequest'],
  ])(
    'upload: %s has its type, and a policy under which only files of this server run',
    async (path, type, content) => {
      const { status, head, body } = parted((await curl('-i', origin + path)).stdout)
      expect(status).toBe(200)
      expect(head).toContain(`content-type: ${type}`)
      expect(head).toContain('x-content-type-options: nosniff')
      const policy = /content-security-policy: (.*)/.exec(head)![1]
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
      expect(policy).toContain("base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(body).toContain(content)
      const only = parted((await curl('-I', origin + path)).stdout)
      expect([only.status, only.body]).toEqual([200, ''])
    },
  )

  it('upload: refuses other methods', async () => {
    const { status, head } = parted((await curl('-i', '-X', 'DELETE', `${origin}/upload`)).stdout)
    expect(status).toBe(405)
    expect(head).toContain('allow: get, head, put, post')
  })

  it.skipIf(lacks.download)(
    unless(lacks.download, 'download: sends its own source, with its length and type'),
    async () => {
      const source = readFileSync(`${root}examples/download.js`, 'utf8')
      const { status, head, body } = parted(await output(linesTo('/download')[0]!))
      expect(status).toBe(200)
      expect(head).toMatch(/content-type: (text|application)\/javascript/)
      expect(head).toContain(`content-length: ${Buffer.byteLength(source)}`)
      expect(body).toBe(source)
    },
  )

  it.skipIf(lacks.download)(
    unless(lacks.download, 'download: sends a sample of 64 MiB, also straight into the upload'),
    async () => {
      const path = join(temporaryFolder(), 'sample.txt')
      const line = linesTo('/download')[1]!.replace('/dev/null', path)
      expect(await output(`${line} -sS -w '%{http_code}'`)).toBe('200')
      const sample = readFileSync(path)
      expect(sample.length).toBe(67_108_864)
      expect(sample.subarray(0, 32).toString()).toBe('000000000000000\n000000000000001\n')
      expect(sample.subarray(-16).toString()).toBe('000000004194303\n')
      const through = readme.split('\n').find((one) => one.includes('| curl') && one.includes('/download'))!
      expect(await output(through)).toContain(`67108864 bytes\nsha256 ${sha256(sample)}\n`)
    },
  )

  it('download: reaches no other file', async () => {
    for (const name of ['../package.json', '/etc/passwd', 'nothing']) {
      const { status } = parted(
        (await curl('-i', `${origin}/download?file=${encodeURIComponent(name)}`)).stdout,
      )
      expect(status).toBe(404)
    }
  })
})

describe('the program that serves them', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('ends at %s, with success and soon', async (signal) => {
    const { program, origin: address } = await serveExamples()
    expect((await fetch(`${address}/hello`)).status).toBe(200)
    const start = performance.now()
    program.signal(signal)
    expect(await program.exit).toBe(0)
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('lets a request in flight end, at SIGTERM', async () => {
    const { program, origin: address } = await serveExamples()
    const waiting = fetch(`${address}/poll`)
    // The poll is there when a message reaches it; this one asks for the next.
    let reached = ''
    while (!reached.includes('1')) {
      reached = await (await fetch(`${address}/poll`, { method: 'POST', body: 'first' })).text()
    }
    expect(await (await waiting).text()).toBe('first\n')
    const upload = new TransformStream<Uint8Array, Uint8Array>()
    const writer = upload.writable.getWriter()
    const answering = fetch(`${address}/upload`, {
      method: 'POST',
      body: upload.readable,
      duplex: 'half',
    } as RequestInit)
    await writer.write(Buffer.from('begun '))
    const answer = await answering
    program.signal('SIGTERM')
    await writer.write(Buffer.from('and ended'))
    await writer.close()
    expect(await answer.text()).toContain(`15 bytes\nsha256 ${sha256('begun and ended')}`)
    expect(await program.exit).toBe(0)
  })

  it('says which port is taken, and fails', async () => {
    const second = startExamples({ PORT: new URL(origin).port })
    expect(await second.exit).toBe(1)
    expect(second.stderr).toContain(`Port ${new URL(origin).port} is taken`)
  })
})

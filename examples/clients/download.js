// A downloader. The answer is there when its head is; its body is then written as it comes, hashed on the way, and
// read no faster than the disk takes it. What breaks off goes on where it stopped, when the same line is run again.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { parseArgs } from 'node:util'
import { get } from 'httpkit-wasm'
import { findPart } from './part-file.js'
import { startProgress } from './progress.js'

const usage = `Usage: node examples/clients/download.js [--output FILE] [--deadline SECONDS] URL

Prints a line that sha256sum -c reads. Ends with 0 when the file is whole, 1 when it is not, 2 for a wrong line.`

const timeout = 30_000 // ms without a byte; how long all of it may take is for --deadline to say

const leaving = new AbortController()
process.once('SIGINT', () => leaving.abort()) // `once`: a second Ctrl-C ends the process there and then

await download(readArguments())

function readArguments() {
  try {
    const options = { output: { type: 'string', short: 'o' }, deadline: { type: 'string' } }
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const [url, ...more] = positionals
    if (!URL.canParse(url) || more.length > 0) throw new Error('One URL, please')
    const deadline = Number(values.deadline ?? Infinity) * 1000
    if (!(deadline > 0)) throw new Error('A deadline is a number of seconds')
    const target = values.output ?? nameIn(url)
    if (!target) throw new Error('The URL names no file: --output FILE')
    return { url, target, deadline }
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

// A name and never a path: a URL must not say in which folder its bytes end up.
function nameIn(url) {
  const last = new URL(url).pathname.split('/').at(-1)
  const name = posix.basename(decoded(last).replaceAll('\\', '/'))
  return /^\.*$/.test(name) ? '' : name.replace(/[\p{Cc}<>:"|?*]/gu, '_')
}

function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a stray %: the name as it stands
  }
}

async function download({ url, target, deadline }) {
  let part
  try {
    refuseToOverwrite(target)
    part = await findPart(target, url)
    const sha256 = await fill(part, deadline)
    refuseToOverwrite(target) // it took a while: somebody else may have been here
    await part.becomeWhole()
    console.log(`${sha256}  ${target}`)
  } catch (error) {
    const { aborted } = leaving.signal
    console.error(aborted ? 'Interrupted' : error.message)
    if (await part?.isKept()) console.error(`What came is in ${part.path}: the same line goes on from there`)
    process.exitCode = aborted ? 130 : 1
  }
}

function refuseToOverwrite(target) {
  if (existsSync(target)) throw new Error(`${target} is there already`)
}

/** @returns the SHA-256 of the file, as hex */
async function fill(part, deadline) {
  const { body, total } = await ask(part, deadline)
  const hash = createHash('sha256')
  for await (const piece of part.read(leaving.signal)) hash.update(piece)

  const progress = startProgress(part.size, total)
  try {
    await part.append(body, (piece) => {
      hash.update(piece)
      progress.show(part.size)
    })
  } finally {
    progress.stop()
  }
  if (total !== undefined && part.size !== total) throw new Error(`${part.size} bytes came of ${total}`)
  return hash.digest('hex')
}

/** Asks for what is missing of the part, or for all of it: the part is then as long as the answer takes it to be. */
async function ask(part, deadline) {
  const { status, headers, body, opts } = await get(part.url, {
    as: 'stream',
    // The bytes as they lie there: coded ones have another length, and another ETag.
    autoCompression: false,
    headers: { 'Accept-Encoding': 'identity', ...part.rangeFields() },
    proxyFromEnvironment: true,
    timeout,
    deadline,
    signal: leaving.signal,
  }).unwrap()
  if (opts.traceRedirects) console.error([...opts.traceRedirects, opts.url].join('\n→ '))

  if (status === 206 && part.goesOnWith(headers)) return { body, total: totalOf(headers['content-range']) }
  if (status === 200) {
    await part.startAnew(headers.etag)
    return { body, total: totalOf(headers['content-length']) }
  }
  await body.cancel()
  // The range is none of the file as it is now, or an answer to something else.
  if (part.size > 0 && (status === 206 || status === 416)) {
    await part.startAnew()
    return ask(part, deadline)
  }
  throw new Error(`${opts.url} answers ${status}`)
}

/** Bytes, in `100` as in `bytes 10-99/100`. */
function totalOf(field) {
  return field === undefined ? undefined : Number(/\d+$/.exec(field)[0])
}

// The floor: what a client on node:net cannot go below. Its connections read into one shared window and write ready bytes;
// of the first answer it learns how long head and body are, and takes every other to be as long. It parses nothing else,
// and would fail on any other server.

import { connect } from 'node:net'

const window = Buffer.allocUnsafeSlow(65536)

export function open(url, connections) {
  const { hostname, port, host, pathname } = new URL(url)
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  const idle = Array.from({ length: connections }, () => new Connection({ host: hostname, port, request }))
  const exchange = async (collect) => {
    const connection = idle.pop()
    const result = await connection.exchange(collect)
    idle.push(connection)
    return result
  }
  return {
    async text() {
      return { status: 200, body: await exchange(textOf) }
    },
    async json() {
      return { status: 200, body: JSON.parse(await exchange(textOf)) }
    },
    async download(onPiece) {
      await exchange((start, end) => onPiece(window.subarray(start, end)))
      return { status: 200 }
    },
  }
}

/** An answer that is one read. */
function textOf(start, end) {
  return window.utf8Slice(start, end)
}

let headLength = 0
let bodyLength = 0

function learnLengths() {
  const head = window.latin1Slice(0, window.indexOf('\r\n\r\n') + 4)
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error('another status than 200')
  headLength = head.length
  bodyLength = Number(/content-length: (\d+)/i.exec(head)[1])
}

class Connection {
  #options
  #socket = undefined
  #missing = 0
  #collect = undefined
  #resolve = undefined
  #reject = undefined

  constructor(options) {
    this.#options = options
  }

  /** Hands where body bytes lie in the window to `collect` with every read; resolves to what the last call returned. */
  exchange(collect) {
    this.#socket ??= this.#open()
    return new Promise((resolve, reject) => {
      this.#collect = collect
      this.#resolve = resolve
      this.#reject = reject
      this.#missing = headLength + bodyLength
      this.#socket.write(this.#options.request)
    })
  }

  #open() {
    const { host, port } = this.#options
    const onread = { buffer: window, callback: (length) => this.#received(length) }
    const socket = connect({ host, port, noDelay: true, onread })
    socket.on('error', (error) => this.#reject?.(error))
    return socket
  }

  #received(length) {
    if (headLength === 0) learnLengths()
    if (this.#missing === 0) this.#missing = headLength + bodyLength
    const isFirst = this.#missing === headLength + bodyLength
    this.#missing -= length
    const result = this.#collect(isFirst ? headLength : 0, length)
    if (this.#missing === 0) this.#resolve(result)
    return true
  }
}

// The clients of websocket-many.test.ts, in a process of their own: PORT, COUNT. They are bare sockets from several
// addresses, so that their own cost does not matter, and each writes down what it is told.
//
// It answers
//   'open'              { opened }: when all of them are
//   'all have news'     {}: when each has had a message
//   'all are gone'      { stories }: when each has ended, how often each story was told
import { connect } from 'node:net'

const [port, count] = process.argv.slice(2).map(Number)
const addresses = 8
const atOnce = 200

const handshake = Buffer.from(
  [
    'GET / HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n'),
)
const answered = /^HTTP\/1\.1 101 [\s\S]*\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i
// Close 1001, masked with zeros.
const closing = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])

let withNews = 0
let gone = 0
const stories = {}
const waiting = new Map()

/** One client: what it is told becomes its story. */
class Client {
  story = ''
  bytes = Buffer.alloc(0)
  isOpen = false

  constructor(number) {
    const localAddress = `127.0.0.${2 + (number % addresses)}`
    this.socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true })
    this.socket.write(handshake)
    this.socket.on('error', (error) => this.tell(`${error.code}`))
    this.socket.on('close', () => this.end())
    this.opening = new Promise((resolve, reject) => {
      this.opened = resolve
      this.failed = reject
    })
    this.socket.on('data', (bytes) => this.read(bytes))
  }

  read(bytes) {
    this.bytes = this.bytes.length > 0 ? Buffer.concat([this.bytes, bytes]) : bytes
    if (!this.isOpen) this.readAnswer()
    while (this.isOpen && this.bytes.length >= 2 && this.bytes.length >= 2 + this.bytes[1]) this.readFrame()
  }

  readAnswer() {
    const end = this.bytes.indexOf('\r\n\r\n') + 4
    if (end < 4) return
    const head = this.bytes.toString('latin1', 0, end)
    if (!answered.test(head)) return this.failed(new Error(`a wrong answer: ${head}`))
    this.bytes = this.bytes.subarray(end)
    this.isOpen = true
    this.opened()
  }

  // All frames here are short, whole and not masked.
  readFrame() {
    const end = 2 + this.bytes[1]
    const payload = this.bytes.subarray(2, end)
    if (this.bytes[0] === 0x88) {
      this.tell(`close ${payload.readUInt16BE()} ${payload.toString('utf8', 2)}`)
      // A server that stops need not wait for this.
      this.socket.removeAllListeners('error').on('error', () => {})
      this.socket.end(closing)
    } else {
      this.tell(`frame ${this.bytes[0].toString(16)} ${payload}`)
      if (++withNews >= count) settle('all have news', {})
    }
    this.bytes = this.bytes.subarray(end)
  }

  tell(what) {
    this.story += `${what}; `
  }

  end() {
    if (!this.isOpen) this.failed(new Error(`not opened: ${this.story}`))
    stories[this.story] = (stories[this.story] ?? 0) + 1
    if (++gone === count) settle('all are gone', { stories })
  }
}

// Who asks first waits; what happens first is kept.
function settle(name, answer) {
  waiting.get(name)?.(answer)
  waiting.set(name, answer)
}

async function happened(name) {
  const answer = waiting.get(name)
  return answer ?? new Promise((resolve) => waiting.set(name, resolve))
}

async function open() {
  let opened = 0
  const lane = async () => {
    while (opened < count) await new Client(opened++).opening
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { opened }
}

process.on('message', async (name) => process.send(await (name === 'open' ? open() : happened(name))))
process.on('disconnect', () => process.exit())

// ws's Receiver, read from without its stream: what it would write it is given by its own `_write`, what it would tell its
// listeners it tells here at once, and where it fails its callback says so.
//
// For permessage-deflate it has a stand-in that keeps what is compressed and gives nothing for it: the frames are compared,
// not what is in them.
import { Receiver } from 'ws'

const NOTHING = Buffer.alloc(0)

class SynchronousReceiver extends Receiver {
  constructor({ role, deflate, maxPayload }) {
    const decompress = (data, _isLast, done) => {
      this.compressed += data.latin1Slice()
      done(null, NOTHING)
    }
    super({
      isServer: role === 'server',
      // 0 is no limit.
      maxPayload: maxPayload === Number.POSITIVE_INFINITY ? 0 : maxPayload,
      extensions: deflate ? { 'permessage-deflate': { decompress } } : {},
    })
    this.messages = []
    this.compressed = ''
  }

  emit(event, data, more) {
    if (event === 'message') {
      this.messages.push(more ? 'binary' : 'text', this.compressed + data.latin1Slice())
      this.compressed = ''
    } else if (event === 'ping' || event === 'pong') this.messages.push(event, data.latin1Slice())
    else if (event === 'conclude') this.messages.push('close', `${data} ${more.latin1Slice()}`)
    return true
  }

  // Its stream would end, after a while, and tell nobody.
  end() {}
}

/**
 * What ws makes of a stream of frames.
 *
 * @returns its messages and control frames as two entries each, kind and payload; where it refused, its error's code and the
 * close code that answers it, else '' and 0
 */
export function readByWs(bytes, way) {
  const receiver = new SynchronousReceiver(way)
  const outcome = { messages: receiver.messages, code: '', closeCode: 0 }
  // A copy, for it unmasks in place.
  receiver._write(Buffer.from(bytes), 'buffer', (error) => {
    if (!error) return
    outcome.code = error.code
    outcome.closeCode = closeCodeOf(error)
  })
  return outcome
}

let statusCode

// It stands under a symbol of ws's own.
function closeCodeOf(error) {
  statusCode ??= Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code')
  return error[statusCode]
}

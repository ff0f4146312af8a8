// ws's Receiver, without its stream: what it would write it is given, what it would tell is not heard.
import { Receiver } from 'ws'

class QuietReceiver extends Receiver {
  emit() {
    return true
  }

  end() {}
}

const nothing = () => {}

export const readers = {
  frames(bytes) {
    // A copy, for it unmasks in place.
    new QuietReceiver({ isServer: true })._write(Buffer.from(bytes), 'buffer', nothing)
  },
}

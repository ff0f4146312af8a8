// A streamed channel: the first send carries status and headers, later ones add to the body, and the answer stays
// open until one side closes it. Here as server-sent events; in a browser, new EventSource('/events') reads them.

import { asChannel } from 'httpkit-wasm'

export const title = 'Server-sent events'
export const path = '/events'
export const sentence = 'The time, pushed once a second over one open channel, until you leave.'
export const curl = ['curl -N http://localhost:8090/events']

const head = {
  status: 200,
  headers: { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' },
}

const tick = () => `event: tick\ndata: ${new Date().toISOString()}\n\n`

export function handler(req) {
  let timer
  return asChannel(req, {
    onOpen(channel) {
      // On HTTP a send ends the answer unless told not to: hence the false.
      timer = setInterval(() => channel.send(tick(), false), 1000)
      channel.send({ ...head, body: tick() }, false)
    },
    onClose() {
      clearInterval(timer)
    },
  })
}

// `npm run start:worker`: the same handlers as a worker. What needs a disk, the process or the server itself stays at home: the
// download, and of the showpieces all but the chat.
//
// In workerd what one request has made no other may touch. Where requests meet, in the chat and the long poll, all of them
// go to one Durable Object, and meet in there.

import { toFetch } from 'httpkit-wasm/edge'
import * as chat from './chat.js'
import * as counter from './counter.js'
import * as echo from './echo.js'
import * as events from './events.js'
import * as hello from './hello.js'
import { limits } from './limits.js'
import * as poll from './poll.js'
import { routes } from './routes.js'
import * as upload from './upload.js'

const answer = toFetch(routes([chat, hello, echo, counter, poll, events, upload]), limits)
const shared = ['/chat/room', '/poll']

export class MeetingPlace {
  fetch(request) {
    return answer(request)
  }
}

export default {
  fetch(request, { meetingPlaces }) {
    if (!shared.includes(new URL(request.url).pathname)) return answer(request)
    return meetingPlaces.get(meetingPlaces.idFromName('the only one')).fetch(request)
  },
}

// The app as a worker, and as a Durable Object. In a worker no request may touch what belongs to another; in an object, where
// many meet, they may.
import { fetch } from './app.js'

export class Room {
  fetch(request) {
    return fetch(request)
  }
}

export default {
  fetch(request, env, context) {
    if (!env.IN_A_ROOM) return fetch(request, env, context)
    return env.ROOM.get(env.ROOM.idFromName('one')).fetch(request)
  },
}

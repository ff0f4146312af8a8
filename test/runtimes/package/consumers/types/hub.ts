// Topics, in one process or through Redis, whose client is known by its shape alone.
import { createHub, type Hub, type HubStatus, type RedisClient, redisAdapter } from 'httpkit-wasm/hub'
import { asChannel, type Handler } from 'httpkit-wasm/server'

declare const client: RedisClient

const hub: Hub = createHub({ adapter: redisAdapter(client, { prefix: 'app:', sharded: true }), history: 50 })

export const handler: Handler = (req) =>
  asChannel(req, {
    onOpen: (channel) =>
      void hub.subscribe(channel, ['news', req.uri], { presence: { name: 'Ada' }, after: '' }),
    onReceive(channel, message) {
      const reached: number = hub.publish(req.uri, message, { except: channel })
      channel.send(`${reached} of ${hub.count(req.uri)}, at ${hub.cursor(req.uri)}`)
    },
  })

hub.on('status', (status: HubStatus) => status === 'disconnected')
hub.on('presence', (topic) => hub.presence(topic))
await hub.ready()
await hub.close()

// @ts-expect-error no such event
hub.on('message', () => {})
// @ts-expect-error a message is text or bytes
hub.publish('news', { a: 1 })
// @ts-expect-error a number
createHub({ history: 'long' })

// httpkit-wasm/hub: topics over channels of every kind, in one process or, through Redis, in many.
export type { Adapter, AdapterHost, Kept } from './hub/adapter.js'
export type {
  Format,
  Hub,
  HubEvents,
  HubOptions,
  HubStats,
  HubStatus,
  PublishOptions,
  SubscribeOptions,
  Subscriber,
} from './hub/contract.js'
export { createHub } from './hub/create-hub.js'
export { type RedisAdapterOptions, redisAdapter } from './hub/redis-adapter.js'
export type { RedisClient, RedisConnection } from './hub/redis-client.js'

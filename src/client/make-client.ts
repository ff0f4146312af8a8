// Clients as their users see them, and the one that requests have by default.
import { perEvent } from '#runtime'
import { ClientCore, type ClientStats } from './client-core.js'
import { type ClientOptions, settingsOf } from './client-options.js'
import { HttpKitError } from './error.js'
import { type Methods, methodsBy } from './methods.js'
import type { RequestOptions } from './options.js'
import { type Callback, send } from './request.js'

/** What `makeClient` returns. */
export interface Client extends Methods {
  /** Its connections and requests, now. */
  stats(): ClientStats
  /**
   * Ends everything: requests under way, and later ones, get ERR_CLIENT_CLOSED. Settles when the sockets are closed. In
   * workerd, where each event has connections of its own, the event's that calls it.
   */
  close(): Promise<void>
}

// A client is what its options say. Where connections are bound to an event, each event has a core of its own behind it.
const cores = new WeakMap<object, () => ClientCore>()

/**
 * A client with connections of its own.
 *
 * @throws HttpKitError ERR_INVALID_ARGUMENT
 */
export function makeClient(options: ClientOptions = {}): Client {
  const settings = settingsOf(options)
  const core = perEvent(() => new ClientCore(settings))
  const client = {
    ...methodsBy((options, callback) => send((options) => chosenCore(options) ?? core(), options, callback)),
    stats: () => core().stats(),
    close: () => core().close(),
  }
  cores.set(client, core)
  return client
}

// The client that a request's own options name.
function chosenCore({ client }: RequestOptions): ClientCore | undefined {
  return client === undefined ? undefined : coresOf(client)()
}

function coresOf(client: object): () => ClientCore {
  const core = typeof client === 'object' && client !== null ? cores.get(client) : undefined
  if (core !== undefined) return core
  throw new HttpKitError('ERR_INVALID_ARGUMENT', 'a client is what makeClient returns')
}

let defaultCore = perEvent(() => new ClientCore(settingsOf({})))

/** Has requests that name no client use this one. @throws HttpKitError ERR_INVALID_ARGUMENT */
export function setDefaultClient(client: Client): void {
  defaultCore = coresOf(client)
}

/** The helpers of the default client. */
export const byDefault: Methods = methodsBy((options, callback) =>
  send((options) => chosenCore(options) ?? defaultCore(), options, callback as Callback<unknown>),
)

// Imports the whole package, as who begins does, where there is nothing to listen on.
import { asChannel, runServer } from 'httpkit-wasm'
import { toFetch } from 'httpkit-wasm/edge'

async function handler(req) {
  if (req.uri === '/channel')
    return asChannel(req, { onOpen: (channel) => void channel.send('by its channel') })
  try {
    await runServer(handler)
  } catch (error) {
    return { body: error.message }
  }
}

export default { fetch: toFetch(handler) }

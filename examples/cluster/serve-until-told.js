// The worker's side of a restart.

import cluster from 'node:cluster'

/**
 * Tells the primary that this worker is ready; stops `server` when the primary says so, and ends the process.
 *
 * Requests under way have `timeout` milliseconds: longer than the longest poll or download should take. Connections that send another
 * request are answered with `Connection: close`, idle ones are closed, WebSockets are told 1001, "going away".
 */
export function serveUntilTold(server, { timeout = 30_000 } = {}) {
  process.on('SIGTERM', async () => {
    await server.stop({ timeout })
    // The primary may have handed over another connection before it heard that we have closed. To exit now would lose it;
    // to disconnect waits until the primary has had the last of them back.
    process.once('disconnect', () => process.exit())
    cluster.worker.disconnect()
  })
  // From a terminal, Ctrl-C reaches the workers too; what becomes of them is the primary's to say.
  process.on('SIGINT', () => {})
  process.send('ready')
}

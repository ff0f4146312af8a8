// A primary and two workers, for tests: what runServer does where it is not alone. SIGUSR2 stops one worker, gracefully; SIGTERM both.
// After SIGHUP the primary accepts nothing for a while; when it hands the first connection to one worker, the other one stops.
//   node cluster-primary.mjs rr|none OPTIONS        options of runServer, as JSON
import cluster from 'node:cluster'
import { subscribe } from 'node:diagnostics_channel'
import { runServer } from 'httpkit-wasm/server'
import { serveUntilTold } from '../../examples/cluster/serve-until-told.js'

const [policy, options] = process.argv.slice(2)

if (cluster.isPrimary) {
  cluster.schedulingPolicy = policy === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE
  const workers = [cluster.fork(), cluster.fork()]
  const stop = (worker) => worker.process.kill('SIGTERM')
  let listening = 0
  let port
  cluster.on('listening', (_, address) => {
    port = address.port
  })
  cluster.on('message', () => ++listening === 2 && console.log(`listening on ${port}`))
  cluster.on('exit', (worker, code) => {
    console.log(`${worker.process.pid} ended with ${code}`)
    if (workers.every((one) => one.isDead())) process.exit()
  })
  process.on('SIGUSR2', () => stop(workers[0]))
  process.on('SIGTERM', () => workers.filter((worker) => !worker.isDead()).forEach(stop))
  process.on('SIGHUP', () => {
    const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
    let hasStopped = false
    for (const worker of workers) {
      const { send } = worker.process
      worker.process.send = function (message, ...rest) {
        const isSent = send.call(this, message, ...rest)
        if (message.act !== 'newconn' || hasStopped) return isSent
        hasStopped = true
        stop(workers.find((other) => other !== worker))
        pause(500)
        return isSent
      }
    }
    console.log('busy')
    pause(300)
  })
} else {
  let newest
  subscribe('net.server.socket', ({ socket }) => {
    newest = socket
  })
  // Bytes that are not read into the core's memory come as 'data'.
  const handler = () => ({
    body: JSON.stringify({ worker: process.pid, readsData: newest.listenerCount('data') > 0 }),
  })
  serveUntilTold(await runServer(handler, JSON.parse(options)))
}

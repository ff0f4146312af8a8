// For the servers of watched-server.ts: to 'watch' they answer nothing, to 'report' { rss, most }: bytes at the 'watch', and
// the most since. They end with the test.

let rss = 0
let most = 0

export function watchMemory() {
  process.on('message', (message) => {
    if (message === 'watch') rss = most = process.memoryUsage.rss()
    else process.send({ rss, most })
  })
  process.on('disconnect', () => process.exit())
  setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 10)
}

// Loaded into a server under test (node --expose-gc --import): on a message, collects garbage and answers its RSS.

import { setTimeout as sleep } from 'node:timers/promises'

process.on('message', async () => {
  for (let i = 0; i < 5; i++) {
    globalThis.gc()
    await sleep(100) // pages are given back on another thread
  }
  process.send({ rss: process.memoryUsage.rss() })
})
process.channel.unref()

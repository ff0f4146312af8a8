// The process that autocannon runs in: takes a job as its argument, prints what came of it.

import autocannon from 'autocannon'

const { port, request, depth, connections, seconds } = JSON.parse(process.argv[2])
const { method, path, headers, body } = request

const result = await autocannon({
  url: `http://127.0.0.1:${port}`,
  connections,
  pipelining: depth,
  duration: seconds,
  requests: [{ method, path, body, headers: Object.fromEntries(headers) }],
})

const wrong = result.errors + result.non2xx
const trouble = wrong > 0 ? `${wrong} requests failed` : undefined
process.stdout.write(JSON.stringify({ answered: result['2xx'], seconds: result.duration, trouble }))

// The tests' own server, where it has been wrong: a side left open keeps the client's port half taken, and who comes from
// that port again, as happens within seconds on a busy machine, is another connection with the same address.
import { connect } from 'node:net'
import { onTestFinished, test } from 'vitest'
import { scriptedServer } from './scripted-server.js'
import { until } from './waiting.js'

test('a scripted server ends its side when the client leaves a script', async () => {
  const server = await scriptedServer({}, (connection) => connection.request())
  const client = connect({ port: server.port, host: '127.0.0.1' })
  onTestFinished(() => void client.destroy())
  client.resume().end()
  await until(() => client.readableEnded)
})

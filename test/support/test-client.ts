// A client of a test: its connections are its own, and gone when the test ends.
import { onTestFinished } from 'vitest'
import { type Client, type ClientOptions, makeClient } from '../../src/client.js'

export function testClient(options: ClientOptions = {}): Client {
  const client = makeClient(options)
  onTestFinished(() => client.close())
  return client
}

// The client where there are no sockets, as bundlers for browsers and edge functions resolve it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'rolldown'
import { afterAll, describe, expect, it } from 'vitest'

const entry = fileURLToPath(new URL('../../build/client.js', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'httpkit-test-'))

afterAll(() => rmSync(folder, { recursive: true }))

async function clientFor(conditions: string[]): Promise<typeof import('../../src/client.js')> {
  const file = join(folder, `${conditions[0]}.mjs`)
  await build({
    input: entry,
    platform: 'neutral',
    resolve: { conditionNames: conditions },
    output: { file, codeSplitting: false },
  })
  return import(pathToFileURL(file).href)
}

describe('in a browser', () => {
  it('a request and a WebSocket are ERR_CONNECT, and say where there are sockets', async () => {
    const { get, openWebSocket } = await clientFor(['browser', 'import', 'default'])
    const { error } = await get('http://127.0.0.1:1/')
    expect(error).toMatchObject({ code: 'ERR_CONNECT' })
    expect(error!.message).toContain('the client runs in Node, Bun, Deno and workerd')
    const opening = openWebSocket('ws://127.0.0.1:1/', {})
    await expect(opening).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  })

  it('file() is a TypeError, and names what can be sent instead', async () => {
    const { file } = await clientFor(['browser', 'import', 'default'])
    expect(() => file('a.txt')).toThrow(
      new TypeError('there are no files here, and so no a.txt: give its bytes, a Blob or a stream'),
    )
  })

  it('what is wrong with a request is told all the same', async () => {
    const { get, makeClient } = await clientFor(['browser', 'import', 'default'])
    expect((await get('nowhere')).error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' })
    expect(() => makeClient({ maxConnections: 0 })).toThrow('maxConnections')
  })
})

// What a program does with the package, whichever way it came by it: the names of every entry, and one use of each.

const echo = { onReceive: (channel, message) => channel.send(message) }

/** @param kit the entries, by their paths */
export async function exercise(kit) {
  const names = Object.fromEntries(Object.entries(kit).map(([path, entry]) => [path, namesOf(entry)]))
  const { asChannel, file, runServer } = kit['./server']
  const { wrapParams } = kit['./middleware']
  const hello = wrapParams(({ params }) => ({
    headers: { 'Content-Type': 'text/plain' },
    body: `Hello, ${params.name}!`,
  }))
  const handler = (req) => {
    if (req.uri === '/echo') return asChannel(req, echo)
    return req.uri === '/file' ? { body: file(new URL('answer.txt', import.meta.url).pathname) } : hello(req)
  }
  const server = await runServer(handler, { port: 0, ip: '127.0.0.1' })
  const origin = `http://127.0.0.1:${server.port}`
  try {
    const got = await kit['.'].get(`${origin}/?name=Ada`).unwrap()
    const sent = await kit['./client']
      .post(`${origin}/`, { formParams: { name: 'Zoë' }, as: 'text' })
      .unwrap()
    const filed = await kit['./client'].get(`${origin}/file`, { as: 'text' }).unwrap()
    return {
      names,
      got: [got.status, got.headers['content-type'], got.body],
      sent: sent.body,
      filed: [filed.headers['content-type'], filed.body],
      echoed: await echoed(kit['./client'], origin),
      ...codecs(kit['./core']),
      fetched: await fetched(kit['./edge'], hello),
      faked: await kit['./fake'].withFakeHttp(
        [[origin, 418]],
        async () => (await kit['.'].get(origin)).status,
      ),
    }
  } finally {
    await server.stop()
  }
}

// Under `require` some runtimes add names of their own.
const namesOf = (entry) =>
  Object.keys(entry)
    .filter((name) => !['__esModule', 'module.exports', 'default'].includes(name))
    .sort()

async function echoed({ openWebSocket }, origin) {
  const channel = await new Promise((resolve, reject) => {
    const onReceive = (channel, message) => {
      channel.message = message
      channel.close()
    }
    openWebSocket(`${origin.replace('http', 'ws')}/echo`, { onReceive, onClose: resolve }).then(
      (open) => open.send('twice'),
      reject,
    )
  })
  return channel.message
}

function codecs({ encodeFrame, FrameDecoder, parseQuery, ProtocolError, validUtf8 }) {
  const decoder = new FrameDecoder({ role: 'client' })
  const [frame] = decoder.push(encodeFrame({ opcode: 1, payload: 'frame' }))
  const refused = () => new FrameDecoder({ role: 'server' }).push(encodeFrame({ opcode: 1, payload: '' }))
  return {
    decoded: new TextDecoder().decode(frame.payload),
    query: { ...parseQuery('a=1&a=2') },
    valid: [validUtf8(new Uint8Array([0xc3, 0xab])), validUtf8(new Uint8Array([0xc3]))],
    refused: thrown(refused) instanceof ProtocolError,
  }
}

function thrown(call) {
  try {
    return call()
  } catch (error) {
    return error
  }
}

async function fetched({ fromFetch, toFetch }, handler) {
  const app = fromFetch((request) => new Response(`app at ${new URL(request.url).pathname}`))
  const answers = [toFetch(handler), toFetch(app)].map((fetch) => fetch(new Request('http://a/b?name=Eve')))
  return Promise.all(answers.map(async (answer) => (await answer).text()))
}

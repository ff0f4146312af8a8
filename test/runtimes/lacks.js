// What Bun 1.4.5 and Deno 2.9.5 lack of what the tests on sockets need, and edge-runtime of what the suite does, one reason a
// line: most of it in the tools that tests are made of, and none of it kept silent. A run prints them, and fails where a test that is named here is not there any more.

const PATIENCE = 'takes longer than all the others'

const PROXIED_BYTES = 'every byte array is a proxy: what takes a second elsewhere takes minutes'

const WITHOUT_DICTIONARIES = 'node:zlib leaves dictionaries aside: each message is compressed for itself'
const RESET_ENDS = 'a TLS socket that is reset says that it has ended'
const OWN_LOOKUP = 'node:net does not ask the lookup of node:dns that the test has replaced'
const LAX_BROTLI = 'node:zlib takes a brotli body that is cut for a whole one'
const PLAIN_HTTPS = 'a server of node:https shows no TLS sockets, by which the test looks'
const UNDICI_HANGS = "undici's fetch waits for ever for a body that breaks off, whoever the server is"
const PLAIN_WEBSOCKET =
  "the built-in WebSocket offers no compression, which its own tests' `extensions` would name"

const lacks = {
  bun: {
    'test/client/multipart.test.ts': {
      'multipart > is read by others as it was given': 'Response.formData keeps %22 in a name',
      'a FormData in the body > is a form, too': "Response.formData sets a file's type by its name",
    },
    'test/peers/big-bodies.test.ts': PATIENCE,
    'test/peers/client-addresses.test.ts': {
      'an address > of which nothing comes back is given up after connectTimeout':
        'node:net has no backlog of 1, by which the test makes such an address',
      'a name > with many addresses is found where nothing comes back from the first': 'the same',
    },
    'test/peers/client-soak.test.ts': PATIENCE,
    'test/peers/upload-big.test.ts': PATIENCE,
    'test/peers/websocket-many.test.ts': PATIENCE,
    'test/server/timeouts.test.ts': {
      'a client that does not read its answer > is not cut while it reads slowly':
        'node:net does not tell how far a large write has got, so it counts when it is done',
    },
    'test/peers/client-tls.test.ts': {
      'TLS > a certificate > of its own is shown by a client that is asked for it': PLAIN_HTTPS,
      'TLS > a certificate > of its own is missed by a server that demands it (TLSv1.2)':
        'the refusal comes before the end of the handshake: ERR_TLS',
      'TLS > a handshake > agrees on http/1.1 where the server speaks h2 and http/1.1': PLAIN_HTTPS,
      'TLS > a handshake > agrees on http/1.1 where the server speaks http/1.1 and h2': PLAIN_HTTPS,
      'TLS > a handshake > fails with a server that speaks h2 alone':
        'a server of node:https speaks http/1.1 all the same',
      'TLS > a handshake > is made in TLSv1.2': PLAIN_HTTPS,
      'TLS > a handshake > is made in TLSv1.3': PLAIN_HTTPS,
      'TLS > a connection > that is insecure serves no request that is not': PLAIN_HTTPS,
      'TLS > a connection > that is insecure serves no request that is not, though they have the same TLS options':
        PLAIN_HTTPS,
      'TLS > a connection > with a certificate serves no request without it, nor with another': PLAIN_HTTPS,
      'TLS > a connection > over a Unix socket has the name of the URL':
        'a server of node:https takes no socket by its connection event, as the test gives it one',
    },
    'test/peers/undici.test.ts': 'what is imported as undici is of its own making',
    'test/peers/upload-undici.test.ts': 'the same',
  },
  deno: {
    'test/client/content-coding.test.ts': {
      'ERR_CONTENT_ENCODING is > br that is cut': LAX_BROTLI,
      'ERR_CONTENT_ENCODING is > the inner of two that is cut': LAX_BROTLI,
      'ERR_CONTENT_ENCODING is > br that is cut, in a stream: never its end': LAX_BROTLI,
      'ERR_CONTENT_ENCODING is > the inner of two that is cut, in a stream: never its end': LAX_BROTLI,
      'ERR_CONTENT_ENCODING is > every cut of a body, and never a truncated success': LAX_BROTLI,
    },
    'test/client/download-example.test.ts': {
      'draws a bar on a terminal, and none elsewhere': "the test's shell line gives it no permissions",
    },
    'test/client/multipart.test.ts': {
      'multipart > is read by others as it was given': 'Response.formData keeps %22 in a name',
    },
    'test/client/response-corpus.test.ts': {
      'sent whole, over TLS > until-close.md: fails where the connection is reset (RFC 9112 §8)': RESET_ENDS,
      'sent whole, over TLS > until-close.md: fails where the connection is reset right after the head (RFC 9112 §8)':
        RESET_ENDS,
      'sent bit by bit, over TLS > until-close.md: fails where the connection is reset (RFC 9112 §8)':
        RESET_ENDS,
      'sent bit by bit, over TLS > until-close.md: fails where the connection is reset right after the head (RFC 9112 §8)':
        RESET_ENDS,
    },
    'test/peers/big-bodies.test.ts': PATIENCE,
    'test/peers/client-addresses.test.ts': {
      'a name > localhost is found where only ::1 listens': OWN_LOOKUP,
      'a name > with many addresses is found where the first ones refuse': OWN_LOOKUP,
      'a name > with many addresses is found where nothing comes back from the first': OWN_LOOKUP,
      'bindAddress > that is not ours is ERR_CONNECT': 'node:net calls the cause EINVAL',
    },
    'test/peers/client-soak.test.ts': PATIENCE,
    'test/peers/upload-big.test.ts': PATIENCE,
    'test/peers/websocket-many.test.ts': PATIENCE,
    'test/peers/client-tls.test.ts': {
      'TLS > a certificate > that has expired is ERR_TLS, with CERT_HAS_EXPIRED as its cause':
        'node:tls has another name for the cause',
      'TLS > a certificate > that is not valid yet is ERR_TLS, with CERT_NOT_YET_VALID as its cause':
        'node:tls has another name for the cause',
    },
    'test/peers/undici.test.ts': {
      'fetch > gets pieces as they are sent': UNDICI_HANGS,
      'fetch > fails where an answer breaks off': UNDICI_HANGS,
    },
    'test/peers/websocket-undici.test.ts': {
      'the built-in WebSocket > sends and reads messages up to 4 MiB, with compression': PLAIN_WEBSOCKET,
      'the built-in WebSocket > sends and reads messages up to 4 MiB, with compression of everything':
        PLAIN_WEBSOCKET,
      'the built-in WebSocket > sends and reads messages up to 4 MiB, without context takeover':
        PLAIN_WEBSOCKET,
      'the built-in WebSocket > sends and reads messages up to 4 MiB, with the smallest windows':
        PLAIN_WEBSOCKET,
    },
    'test/peers/websocket-ws-client.test.ts': {
      'permessage-deflate > remembers the messages before, unless there is no context takeover (false)':
        WITHOUT_DICTIONARIES,
    },
    'test/server/tls.test.ts': {
      'tls > slows a body down for a client that stops reading':
        "the test's client reads on when it is paused",
      'tls > rejects runServer where the certificate is none': 'node:tls looks at it in the first handshake',
    },
    'test/server/websocket-deflate.test.ts': {
      'a compressed message > is smaller the second time': WITHOUT_DICTIONARIES,
    },
  },
  'edge-runtime': {
    'test/core/encode-query.test.ts': PROXIED_BYTES,
    'test/core/frame-decoder.property.test.ts': PROXIED_BYTES,
    'test/core/frame-refusals.test.ts': PROXIED_BYTES,
    'test/core/query.property.test.ts': PROXIED_BYTES,
    'test/core/valid-utf8.test.ts': PROXIED_BYTES,
  },
}

/** What a report says of the files among `only` that are not run. */
export function leftOut(only, files) {
  const found = only.filter((file) => files.has(file))
  const lacking = found.map((file) => ({ file, name: '', reason: files.get(file) }))
  return { passed: 0, failed: 0, skipped: found.length, failures: [], lacks: lacking, slowest: [] }
}

/**
 * @param runtime bun, deno, edge-runtime
 * @returns the files that it cannot run, each with the reason; and by file the names of the tests, each with its reason
 */
export function lacksOf(runtime) {
  const entries = Object.entries(lacks[runtime])
  return {
    files: new Map(entries.filter(([, lacking]) => typeof lacking === 'string')),
    tests: new Map(entries.filter(([, lacking]) => typeof lacking === 'object')),
  }
}

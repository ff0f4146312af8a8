// The page at /: what this is, the showpieces among the examples, and every example's curl lines, addressed the way the
// page itself was asked for.

import { escapeHtml } from './escape-html.js'
import { drawings } from './index/drawings.js'
import { pageHeaders, pages } from './pages.js'

const files = { '/page.css': 'page.css', '/index/page.css': 'index/page.css' }

/** The page that lists `examples`, as an example of its own. */
export function indexPage(examples) {
  const index = (req) => ({
    headers: { ...pageHeaders(), 'Content-Type': 'text/html; charset=utf-8' },
    body: page(examples, originOf(req)),
  })
  const send = pages(files)
  return { paths: ['/', ...Object.keys(files)], handler: (req) => (req.uri === '/' ? index : send)(req) }
}

// The host is the client's word, and it ends up in lines people paste into a shell: only plain ones are taken.
function originOf(req) {
  const host = req.headers.host ?? ''
  return /^[\w.-]+(:\d+)?$/.test(host) ? `${req.scheme}://${host}` : `http://localhost:${req.serverPort}`
}

const page = (examples, origin) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>httpkit-wasm</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<link rel="stylesheet" href="/index/page.css">
<header>
<h1>httpkit-wasm</h1>
<p class="lede">A small HTTP and WebSocket server and client for JavaScript runtimes. A handler takes a request map and
returns a response map; one kind of channel serves WebSockets, streams and long polls; and the bytes are read by a
WebAssembly core that runs anywhere. It has just served you this page.</p>
<pre>import { runServer } from 'httpkit-wasm'

const handler = (req) =&gt; ({ status: 200, body: \`Hello from \${req.uri}\` })

await runServer(handler, { port: 8090 })</pre>
</header>
<main>
<h2>To look at</h2>
<ul class="showpieces">
${examples
  .filter(({ path }) => path in drawings)
  .map(showpiece)
  .join('\n')}
</ul>
<h2>To try by hand</h2>
<p>Each example is one small file, named for its path: <code>/hello</code> is <code>examples/hello.js</code>. A click on a
line selects it whole.</p>
${examples
  .filter(({ curl }) => curl)
  .map((example) => section(example, origin))
  .join('\n')}
</main>
</html>
`

const showpiece = ({ title, path, sentence }) => `<li>${drawings[path]}
<h3><a href="${escapeHtml(path)}">${escapeHtml(title)}</a></h3>
<p>${escapeHtml(sentence)}</p></li>`

const section = ({ title, path, sentence, hint = sentence, curl }, origin) => `<section>
<h3>${escapeHtml(title)} <a href="${escapeHtml(path)}">${escapeHtml(path)}</a></h3>
<p>${escapeHtml(hint)}</p>
${curl.map((line) => command(line.replaceAll('http://localhost:8090', origin))).join('\n')}
</section>`

const command = (line) => `<pre><code>${escapeHtml(line)}</code></pre>`

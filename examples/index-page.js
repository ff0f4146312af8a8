// The page at /: every example with its curl lines, addressed the way the page itself was asked for.

import { escapeHtml } from './escape-html.js'

/** A handler for the page that lists `examples`. */
export function indexPage(examples) {
  return (req) => ({
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
      'X-Content-Type-Options': 'nosniff',
    },
    body: page(examples, originOf(req)),
  })
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
<title>httpkit-wasm examples</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<main>
<header>
<h1>httpkit-wasm</h1>
<p>Examples, served by the library itself. Each is one small file, named for its path:
<code>/hello</code> is <code>examples/hello.js</code>. A click on a line selects it whole.</p>
</header>
${examples.map((example) => section(example, origin)).join('\n')}
</main>
</html>
`

const section = ({ title, path, sentence, curl }, origin) => `<section>
<h2>${escapeHtml(title)} <a href="${escapeHtml(path)}">${escapeHtml(path)}</a></h2>
<p>${escapeHtml(sentence)}</p>
${curl.map((line) => command(line.replaceAll('http://localhost:8090', origin))).join('\n')}
</section>`

const command = (line) => `<pre><code>${escapeHtml(line)}</code></pre>`

const style = `
:root { color-scheme: light dark; --paper: #fcfbf8; --ink: #24221f; --quiet: #6b675f; --rule: #e4e0d6; --line: #f3f0e9 }
@media (prefers-color-scheme: dark) {
  :root { --paper: #191817; --ink: #dcd8d0; --quiet: #989288; --rule: #34312d; --line: #22201e }
}
* { box-sizing: border-box; margin: 0 }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100% }
body {
  background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, 'Bitstream Charter', 'Iowan Old Style', Georgia, serif;
}
main { max-width: 42rem; margin: 0 auto; padding: clamp(2rem, 8vw, 5rem) 1.25rem }
h1 { font-size: 1.75rem; font-weight: 600; letter-spacing: -0.01em; margin-bottom: 0.5rem }
h2 { font-size: 1.125rem; font-weight: 600; display: flex; justify-content: space-between; align-items: baseline; gap: 1rem }
header p, section p { color: var(--quiet); text-wrap: pretty }
section { border-top: 1px solid var(--rule); margin-top: 2rem; padding-top: 1.5rem }
a, code { font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 0.8125rem }
a { color: var(--quiet); font-weight: 400; text-decoration-color: var(--rule); text-underline-offset: 0.2em }
a:hover { color: var(--ink); text-decoration-color: currentColor }
pre {
  background: var(--line); border-radius: 4px; margin-top: 0.625rem; padding: 0.5rem 0.75rem;
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5;
}
pre code { -webkit-user-select: all; user-select: all }
`

// The page that stands for a folder without an index.html.

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const STYLE =
  ':root{color-scheme:light dark;font:1rem/1.7 system-ui}body{max-width:60rem;margin:2rem auto;padding:0 1rem}ul{padding:0;list-style:none}a{overflow-wrap:anywhere}'

/** Names that could not be linked to are left out: those that are no Unicode. */
export function listing(path: string, names: readonly string[]): string {
  const links = names
    .filter((name) => !/[\ufffd\p{Surrogate}]/u.test(name))
    .sort((one, other) => Number(other.endsWith('/')) - Number(one.endsWith('/')) || order(one, other))
    .map((name) => link(encodeURIComponent(name.replace(/\/$/, '')) + (name.endsWith('/') ? '/' : ''), name))
  const title = `Index of ${escaped(path)}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${STYLE}</style>
<main>
<h1>${title}</h1>
<ul>
${(path === '/' ? links : [link('../', '../'), ...links]).join('\n')}
</ul>
</main>
`
}

const { compare: order } = new Intl.Collator('en', { numeric: true })

function link(target: string, name: string): string {
  return `<li><a href="${target}">${escaped(name)}</a>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => escapes[character]!)
}

// Which example answers what: each under its paths, the page that lists them at /, and a hint everywhere else.

import { indexPage } from './index-page.js'

/** A handler that hands requests to the handlers of these examples. */
export function routes(examples) {
  const handlers = new Map(
    [indexPage(examples), ...examples].flatMap(({ path, paths = [path], handler }) =>
      paths.map((one) => [one, handler]),
    ),
  )
  return (req) => (handlers.get(req.uri) ?? notFound)(req)
}

function notFound() {
  return {
    status: 404,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body: 'Nothing here. What there is, / lists.\n',
  }
}

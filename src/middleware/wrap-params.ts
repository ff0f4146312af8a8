// Ring's wrap-params: the query and a form's text as maps.
import { between } from '../core/between.js'
import { mergeParams, newParams, type Params } from '../core/params.js'
import { parseQuery, type QueryLimits } from '../core/parse-query.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import { isForm, readFormBody } from './form-body.js'
import { refusal } from './refusal.js'

/** What `wrapParams` adds. Nothing in the maps is inherited. */
export interface WithParams {
  /** Of the query string. */
  queryParams: Params
  /** Of a body of application/x-www-form-urlencoded, in the charset of its type. */
  formParams: Params
  /** Both; where they have the same name, the form's. */
  params: Params
}

/** Of the query and of the form, each. */
export interface ParamsOptions extends QueryLimits {
  /** Bytes (default 1 MiB). */
  maxBytes?: number
}

type Answer = RingResponse | Promise<RingResponse>

/**
 * Adds `queryParams`, `formParams` and `params` to the request, and reads its body if that is a form. What has been added
 * before stays. A query over its limits is answered with 414, a form with 413, one in an unknown charset with 415.
 */
export function wrapParams<Req extends RingRequest>(
  handler: (req: Req & WithParams) => Answer,
  options: ParamsOptions = {},
): (req: Req) => Answer {
  const unbounded = Number.POSITIVE_INFINITY
  const maxPairs = between(options.maxPairs, 'maxPairs', 0, unbounded, 1000)
  const maxBytes = between(options.maxBytes, 'maxBytes', 0, unbounded, 1024 * 1024)

  return (req) => {
    let withQuery: Req & Partial<WithParams>
    try {
      withQuery = addQuery(req, maxPairs, maxBytes)
    } catch (error) {
      return refusal(error, 414)
    }
    if (withQuery.formParams !== undefined) return handler(withQuery as Req & WithParams)
    if (!isForm(req)) return handler(withForm(withQuery, newParams()))
    return readFormBody(req, maxPairs, maxBytes).then((form) => handler(withForm(withQuery, form)), refusal)
  }
}

function addQuery<Req extends RingRequest>(
  req: Req & Partial<WithParams>,
  maxPairs: number,
  maxBytes: number,
): Req & Partial<WithParams> {
  if (req.queryParams !== undefined) return req
  const queryParams = parseQuery(req.queryString ?? '', { maxPairs, maxBytes })
  return { ...req, queryParams, params: mergeParams<string>(req.params, queryParams) }
}

function withForm<Req extends RingRequest>(req: Req & Partial<WithParams>, form: Params): Req & WithParams {
  const queryParams = req.queryParams!
  return { ...req, queryParams, formParams: form, params: mergeParams<string>(req.params, form) }
}

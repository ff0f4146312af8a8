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
    const known: Req & Partial<WithParams> = req
    let queryParams: Params
    try {
      queryParams = known.queryParams ?? parseQuery(req.queryString ?? '', { maxPairs, maxBytes })
    } catch (error) {
      return refusal(error, 414)
    }
    if (known.formParams !== undefined || !isForm(req)) {
      return handler(withParams(known, queryParams, known.formParams ?? newParams()))
    }
    return readFormBody(req, maxPairs, maxBytes).then(
      (formParams) => handler(withParams(known, queryParams, formParams)),
      refusal,
    )
  }
}

function withParams<Req extends RingRequest & Partial<WithParams>>(
  req: Req,
  queryParams: Params,
  formParams: Params,
): Req & WithParams {
  return { ...req, queryParams, formParams, params: mergeParams<string>(req.params, queryParams, formParams) }
}

// Ring's wrap-multipart-params: the fields and files of a multipart form as a map.
import { hasType } from '../core/media-type.js'
import { mergeParams, type Params } from '../core/params.js'
import type { RingRequest, RingResponse } from '../ring/contract.js'
import { fullType } from './form-body.js'
import { type FileParam, type MultipartParamsOptions, ReceivedForm } from './received-form.js'
import { refusal } from './refusal.js'

/** A field is its text, a file what is known of it; a name that comes more than once has an array. */
export type MultipartParams = Params<string | FileParam>

/** What `wrapMultipartParams` adds. Nothing in the maps is inherited. */
export interface WithMultipartParams {
  /** Fields and files by their names. */
  multipartParams: MultipartParams
  /** The same, over what another middleware has put there. */
  params: MultipartParams
}

type Answer = RingResponse | Promise<RingResponse>

/**
 * Adds `multipartParams` to the request, merges them into `params`, and reads its body if that is a multipart form. One that
 * is malformed is answered with 400, one over a limit with 413, and nothing of it is left. A request that has them already
 * stays as it is.
 *
 * Temporary files are removed when the response has gone; one that has been moved away by then is kept.
 *
 * @throws RangeError for a limit out of its range
 */
export function wrapMultipartParams<Req extends RingRequest>(
  handler: (req: Req & WithMultipartParams) => Answer,
  options: MultipartParamsOptions = {},
): (req: Req) => Answer {
  new ReceivedForm(options)
  return (req) => {
    if ('multipartParams' in req) return handler(req as Req & WithMultipartParams)
    if (isMultipartForm(req)) return receive(req, handler, options)
    return handler(withParams(req, mergeParams()))
  }
}

function isMultipartForm(req: RingRequest): boolean {
  return req.body !== undefined && hasType(fullType(req), 'multipart/form-data')
}

async function receive<Req extends RingRequest>(
  req: Req,
  handler: (req: Req & WithMultipartParams) => Answer,
  options: MultipartParamsOptions,
): Promise<RingResponse> {
  const form = new ReceivedForm(options)
  let multipartParams: MultipartParams
  try {
    multipartParams = await form.read(req.body!, fullType(req), req.contentLength)
  } catch (error) {
    await form.discard()
    return refusal(error)
  }
  const { asyncChannel: channel } = req
  void channel?.closed.then(() => form.discard())
  try {
    return await handler(withParams(req, multipartParams))
  } finally {
    if (!channel) await form.discard()
  }
}

function withParams<Req extends RingRequest>(
  req: Req,
  multipartParams: MultipartParams,
): Req & WithMultipartParams {
  const { params } = req as Req & Partial<WithMultipartParams>
  return { ...req, multipartParams, params: mergeParams(params, multipartParams) }
}

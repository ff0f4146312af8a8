// httpkit-wasm/middleware: handlers around handlers, as in Ring. Runs everywhere.
export type { Params } from './core/params.js'
export type { MultipartPart } from './form/incoming-part.js'
export type { FileParam, MultipartParamsOptions, Store } from './middleware/received-form.js'
export {
  type MultipartParams,
  type WithMultipartParams,
  wrapMultipartParams,
} from './middleware/wrap-multipart-params.js'
export { type ParamsOptions, type WithParams, wrapParams } from './middleware/wrap-params.js'

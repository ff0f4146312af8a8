// The functions of the default client, by their names.
import { byDefault } from './make-client.js'

export const { request, get, head, post, put, patch, del, options } = byDefault
export const { propfind, proppatch, lock, unlock, report, acl, copy, move } = byDefault

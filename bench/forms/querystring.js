// Node's own.

import querystring from 'node:querystring'

export const parse = querystring.parse
export const encode = querystring.stringify

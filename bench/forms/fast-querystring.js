import querystring from 'fast-querystring'

export const parse = querystring.parse
export const encode = querystring.stringify

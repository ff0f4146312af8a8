// qs reads nested names as well; what is flat comes out flat.

import qs from 'qs'

export const parse = (text) => qs.parse(text)

const options = { arrayFormat: 'repeat' }
export const encode = (map) => qs.stringify(map, options)

// URLSearchParams is a list of pairs, which here is made of a map and made into one.

export function parse(text) {
  const map = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    const known = map[name]
    if (known === undefined) map[name] = value
    else if (typeof known === 'string') map[name] = [known, value]
    else known.push(value)
  }
  return map
}

export function encode(map) {
  const params = new URLSearchParams()
  for (const name of Object.keys(map)) {
    const value = map[name]
    if (typeof value === 'string') params.append(name, value)
    else for (const each of value) params.append(name, each)
  }
  return params.toString()
}

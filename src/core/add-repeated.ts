/** Adds to a map in which a name that comes more than once has an array. */
export function addRepeated<Value>(map: Record<string, Value | Value[]>, name: string, value: Value): void {
  const earlier = map[name]
  if (earlier === undefined) map[name] = value
  else if (Array.isArray(earlier)) earlier.push(value)
  else map[name] = [earlier, value]
}

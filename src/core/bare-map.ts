// Maps that inherit nothing, for names that a peer chose: `'toString' in map` is false, and `__proto__` is a name like
// any other.

/**
 * A kind of map, to be made with `new`. An object made by a constructor with an empty prototype keeps fast properties;
 * Object.create(null) would not. Each kind is one of its own, so that the names of one do not slow down another.
 */
export function bareMap<Value>(): new () => Record<string, Value> {
  function BareMap() {}
  BareMap.prototype = Object.freeze(Object.create(null))
  return BareMap as unknown as new () => Record<string, Value>
}

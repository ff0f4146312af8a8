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

/** The same, for maps of many names; an empty one takes 270 bytes. */
export function wideBareMap<Value>(): new () => Record<string, Value> {
  // Past twelve names V8 would make a slow map of one that is filled name by name, but for one whose constructor assigned
  // as many: it counts the assignments, whether they run or not.
  function WideMap(this: Record<string, unknown>, never?: unknown) {
    if (never === undefined) return
    this.a = this.b = this.c = this.d = this.e = this.f = this.g = this.h = this.i = this.j = never
    this.k = this.l = this.m = this.n = this.o = this.p = this.q = this.r = this.s = this.t = never
    this.u = this.v = this.w = this.x = never
  }
  WideMap.prototype = Object.freeze(Object.create(null))
  const Wide = WideMap as unknown as new () => Record<string, unknown>
  // Room that the first few leave unused is taken from all later ones.
  for (let map = 0; map < 10; map++) {
    const filled = new Wide()
    for (let name = 0; name < 32; name++) filled[`name${name}`] = name
  }
  return Wide as new () => Record<string, Value>
}

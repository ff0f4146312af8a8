// What the fuzzer looks for: an input for which a property does not hold. The property has a short name that stays the
// same while the input is made smaller.

export class Failure extends Error {
  constructor(property, detail) {
    super(`${property}: ${detail}`)
    this.name = 'Failure'
    this.property = property
  }
}

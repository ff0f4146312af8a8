// Fields as they came, in their order, for those who ask for one by its name.

export type FieldList = readonly (readonly [name: string, value: string])[]

/** The values of all fields of this name, in any case of it. */
export function allNamed(fields: FieldList, name: string): string[] {
  return fields.flatMap(([one, value]) => (one.toLowerCase() === name.toLowerCase() ? [value] : []))
}

/** The value of a field, in any case of its name. @throws where it came more than once */
export function oneNamed(fields: FieldList, name: string): string | undefined {
  const values = allNamed(fields, name)
  if (values.length > 1) throw new Error(`${name} came ${values.length} times: ${values.join(' | ')}`)
  return values[0]
}

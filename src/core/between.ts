/**
 * A number among a user's options.
 *
 * @param unset what stands for it where it is left out
 * @throws RangeError for one out of its range
 */
export function between(
  value: number | undefined,
  name: string,
  least: number,
  most: number,
  unset: number,
): number {
  if (value === undefined) return unset
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw new RangeError(`${name} must be a number from ${least} to ${most}, not ${String(value)}`)
}

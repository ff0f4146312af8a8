// The one question asked of every candidate before it is measured.

export function demandEqual(found, expected) {
  if (Buffer.compare(Buffer.from(found), expected) !== 0) throw new Error('it gave another result')
}

// A target that never comes back from an input with an X in it: a loop in JavaScript, which burns no fuel.
export const target = {
  name: 'hanging',
  maxLength: 16,
  dictionary: [],
  work: { perByte: 1, perPiece: 1, fixed: 1 },
  read(pieces) {
    let turns = 0
    while (pieces[0]?.includes('X')) turns++
    return [turns]
  },
}

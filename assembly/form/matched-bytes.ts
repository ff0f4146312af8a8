/** How many bytes at `at` are those at `pattern`, up to `length`; both are read by vectors, past their ends. */
export function matchedBytes(at: usize, pattern: usize, length: u32): u32 {
  for (let done: u32 = 0; done < length; done += 16) {
    const differences = i8x16.bitmask(i8x16.ne(v128.load(at + done), v128.load(pattern + done)))
    if (differences != 0) return min(done + ctz(differences), length)
  }
  return length
}

// What the first page draws of its showpieces: lines in the colours of index/page.css, without a word.

const drawing = (lines) => `<svg viewBox="0 0 160 64" aria-hidden="true">${lines}</svg>`

/** By path of the showpiece. */
export const drawings = {
  // Two processes, and what is said in one reaching the other.
  '/chat': drawing(`
<rect x="8" y="10" width="54" height="44" rx="5"/><rect x="98" y="10" width="54" height="44" rx="5"/>
<path class="blue" d="M17 23h28M17 32h18"/><path class="ochre" d="M125 41h18M115 32h28"/>
<path class="dots" d="M64 32h32"/><circle class="full" cx="80" cy="32" r="4"/>`),
  // A pipe that is full, up to a bar that stops it.
  '/backpressure': drawing(`
<path d="M8 20h144M8 44h144"/>
<path class="blue thick" d="M10 32h82"/><path class="red" d="M100 12v40M108 12v40"/><path class="green thick" d="M118 32h14"/>`),
  // A curve that is still being drawn.
  '/live': drawing(`
<path d="M8 54h144M8 10v44"/>
<path class="blue" d="M10 46l14-3 12 1 12-8 12 3 12-15 12 5 12-13 12 8 12-4 12 3"/><circle class="full" cx="134" cy="23" r="4"/>
<path class="ochre" d="M10 50l14-1 12 0 12-4 12 1 12-6 12 3 12-5 12 3 12-1 12 1"/>`),
  // Bytes, and the one at which reading stopped.
  '/fuzz': drawing(
    Array.from({ length: 18 }, (_, n) => {
      const colour =
        ['blue', 'blue', 'blue', 'rest', 'green', 'green', 'green', 'green', 'rest'][n] ?? 'ochre'
      const [x, y] = [10 + (n % 9) * 16, n < 9 ? 14 : 36]
      return `<rect class="${n === 14 ? 'wrong' : n > 14 ? 'rest' : colour}" x="${x}" y="${y}" width="12" height="15" rx="2"/>`
    }).join(''),
  ),
}

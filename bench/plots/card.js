// A plot as it is shown on a page, light or dark: on a white card with round corners, its title above and what was run below.

const padding = 20
const titleHeight = 34
const lineHeight = 16
// Of a character of the captions, on average.
const characterWidth = 5.6
const fonts = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif'

/**
 * @param chart an SVG document; `width` and `height` in pixels
 * @param text.key how to read it
 * @param text.captions for each run the lines about it
 */
export function card({ svg, width, height }, { title, key, captions }) {
  const lines = captions.flat().flatMap((text) => wrapped(text, Math.floor(width / characterWidth)))
  const full = {
    width: width + 2 * padding,
    height: height + titleHeight + 2 * padding + (lines.length + 0.5) * lineHeight,
  }
  const captionTop = padding + titleHeight + height + lineHeight
  const caption = lines.map((line, n) => {
    return `<text x="${padding}" y="${captionTop + n * lineHeight}" font-size="11" fill="#656d76">${escaped(line)}</text>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${full.width}" height="${full.height}" viewBox="0 0 ${full.width} ${full.height}" font-family='${fonts}'>`,
    `<title>${escaped(title)}</title>`,
    `<rect x="0.5" y="0.5" width="${full.width - 1}" height="${full.height - 1}" rx="8" fill="#fff" stroke="#d0d7de"/>`,
    `<text x="${padding}" y="${padding + 15}" font-size="17" font-weight="600" fill="#1f2328">${escaped(title)}</text>`,
    `<text x="${full.width - padding}" y="${padding + 15}" font-size="12" text-anchor="end" fill="#656d76">${escaped(key)}</text>`,
    `<g transform="translate(${padding},${padding + titleHeight})">${svg}</g>`,
    ...caption,
    '</svg>\n',
  ].join('\n')
}

function wrapped(text, length) {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines.at(-1).length + word.length > length) lines.push('')
    lines.push(`${lines.pop()} ${word}`.trimStart())
  }
  return lines
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
